"""Papers on the desk: filed on the project's page, read and struck out here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.actions.attachments import keep_sent
from assistance.admin.scoped import Panel, ScopedAdmin, badge, link
from assistance.admin.uploads import OneFile
from assistance.admin.verbs import ReasonForm, Refusal, Verb, VerbForm
from assistance.downloads import handed_out
from assistance.errors import Refused
from assistance.models import User
from projects.actions import file_paper, strike_out_paper
from projects.admin.verbs import step
from projects.models import Paper, Project
from projects.models.evidence import PaperKind


class PaperForm(VerbForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "---------"), *PaperKind.choices])
    file = OneFile()
    doc_no = forms.CharField(label=_("Document no."), max_length=80, required=False)
    remarks = forms.CharField(label=_("Remarks"), max_length=200, required=False)


@transaction.atomic
def file_sent_paper(
    project: Project, *, file: UploadedFile[Any], by: User, now: datetime, **answers: Any
) -> Paper:
    """Keep the file that the form brought, and file it."""
    return file_paper(
        project, attachment=keep_sent(file, by=by, now=now), by=by, now=now, **answers
    )


PROJECT_VERBS = (
    step(
        "file_paper",
        file_sent_paper,
        form=PaperForm,
        checks_version=False,
        explains=_(
            "It counts as filed from now on and is never changed; a wrong one is struck out."
        ),
    ),
)


def download_link(paper: Paper) -> SafeString:
    """The name of a paper's file; following it saves the file."""
    address = reverse("admin:projects_paper_file", args=[paper.pk])
    return format_html('<a class="download" href="{}">{}</a>', address, paper.attachment)


def size_of(paper: Paper) -> str:
    """The size of a paper's file."""
    return str(filesizeformat(paper.attachment.bytes))


def standing_of(paper: Paper) -> SafeString:
    """Whether a paper stands, with its colour."""
    if paper.voided_at:
        return badge(_("struck out"), "quiet")
    return badge(_("on file"), "good")


def project_panels(project: Project) -> Iterable[Panel]:
    """The papers of a project, the newest first, those of its reports and payments among them."""
    papers = project.papers.standing().select_related("attachment", "created_by")
    yield Panel(
        _("Papers"),
        (
            _("kind"), _("file"), _("size"), _("document no."), _("filed on"), _("filed by"),
            _("remarks"),
        ),
        [
            (
                link(paper, paper.get_kind_display()),
                download_link(paper),
                size_of(paper),
                paper.doc_no or "–",
                paper.filed_on,
                paper.created_by,
                paper.remarks or "–",
            )
            for paper in papers
        ],
        _("No paper is on file yet."),
    )  # fmt: skip


def _strike_out_why_not(paper: Paper, user: User) -> Refusal | None:
    if paper.created_by_id != user.pk:
        return PermissionDenied()
    if paper.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None


@admin.register(Paper)
class PaperAdmin(ScopedAdmin):
    place = 42
    joins = ("project__county", "attachment", "created_by", "updated_by")
    list_display = ["file", "kind", "project_link", "doc_no", "filed_on", "created_by", "standing"]
    list_display_links = ["kind"]
    list_filter = ["kind"]
    search_fields = ["project__code", "project__name", "doc_no", "attachment__name"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Papers are filed on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project", "kind", "doc_no", "remarks"]}),
        (_("File"), {"fields": ["file", "size", "sha256"]}),
        (_("Filed"), {"fields": ["filed_on", "entered_by"]}),
        (_("Struck out"), {"fields": ["voided_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "void",
            pgettext_lazy("verb", "Strike out"),
            "projects.add_paper",
            strike_out_paper,
            _strike_out_why_not,
            form=ReasonForm,
            explains=_("The paper stays on record and proves nothing any more."),
            turns_down=True,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:pk>/file/", view, name="projects_paper_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file of a paper, to be saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        paper = self.get_queryset(request).filter(pk=pk).first()
        if paper is None:
            raise Http404
        return handed_out(paper.attachment)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("File"), download_link(row)),
            (_("Kind"), row.get_kind_display()),
            (_("Project"), link(row.project)),
            (_("State"), standing_of(row)),
        )

    @admin.display(description=_("file"), ordering="attachment__name")
    def file(self, paper: Paper) -> SafeString:
        return download_link(paper)

    @admin.display(description=_("size"))
    def size(self, paper: Paper) -> str:
        return size_of(paper)

    @admin.display(description="SHA-256")
    def sha256(self, paper: Paper) -> SafeString:
        return format_html('<span class="digest">{}</span>', paper.attachment.sha256)

    @admin.display(description=_("filed by"))
    def entered_by(self, paper: Paper) -> str:
        return str(paper.created_by)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, paper: Paper) -> SafeString | str:
        return link(paper.project)

    @admin.display(description=_("state"))
    def standing(self, paper: Paper) -> SafeString:
        return standing_of(paper)
