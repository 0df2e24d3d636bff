"""Fields for files in the forms of verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from assistance.file_kinds import KINDS, PICTURES

PICTURE_ENDINGS = ",".join(name for name, kind in KINDS.items() if kind.media_type in PICTURES)


class OneFile(forms.FileField):
    """One file of any kind that we take; the verb says what is wrong with it."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            required=required,
            label=_("File"),
            help_text=_("PDF, Word or Excel without macros, JPEG or PNG; at most 10 MB."),
            widget=forms.FileInput(attrs={"accept": ",".join(KINDS)}),
            allow_empty_file=True,
        )


class _SeveralPictures(forms.FileInput):
    allow_multiple_selected = True


class Pictures(forms.FileField):
    """Any number of photographs, chosen at once; cleaned to a list."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            required=required,
            label=_("Photographs"),
            help_text=_("JPEG or PNG, at most 10 MB each; several can be chosen at once."),
            widget=_SeveralPictures(attrs={"accept": PICTURE_ENDINGS}),
            allow_empty_file=True,
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Each file by itself; none where none was chosen."""
        several = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not several:
            super().clean(None, initial)  # says so where one is required
        return [super(Pictures, self).clean(one, initial) for one in several]
