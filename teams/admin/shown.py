"""How a posting is shown, on its own pages and on others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assistance.admin.scoped import badge, reader
from assistance.errors import Refused
from assistance.models import User
from teams.models import Posting, PostingState

STATE_TONES = {
    PostingState.PLANNED: "open",
    PostingState.ACTIVE: "good",
    PostingState.ENDED: "quiet",
    PostingState.RECALLED: "bad",
    PostingState.CANCELLED: "quiet",
}


def sees_persons(request: HttpRequest) -> bool:
    """Whether names of persons may be shown to this reader."""
    return reader(request).has_perm("teams.view_person")


def state_badge(posting: Posting) -> SafeString:
    """The state in its tone."""
    return badge(posting.get_state_display(), STATE_TONES[PostingState(posting.state)])


def open_at(*states: PostingState) -> Callable[[Any, User], Refused | None]:
    """A verb of postings in these states."""

    def why_not(posting: Posting, user: User) -> Refused | None:
        if posting.state in states:
            return None
        return Refused(
            "posting_in_another_state",
            _("This posting is %(state)s; the step is not open to it.")
            % {"state": posting.get_state_display()},
        )

    return why_not
