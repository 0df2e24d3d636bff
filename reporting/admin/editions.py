"""Editions, subscriptions and outgoing mail on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import DeskForm, Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import Queue, Verb
from assistance.errors import Refused
from assistance.models import Region, User
from assistance.scope import Scope
from reporting.actions.mail import resend_failed, resolve
from reporting.models import Edition, OutgoingMail, ReportDefinition, Subscription
from reporting.models.definitions import Format
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailState
from reporting.render import report

EDITION_TONES = {
    EditionStatus.SCHEDULED: "open",
    EditionStatus.BUILT: "busy",
    EditionStatus.RELEASED: "good",
    EditionStatus.SUPERSEDED: "quiet",
    EditionStatus.FAILED: "bad",
}
MAIL_TONES = {
    MailState.QUEUED: "open",
    MailState.CLAIMED: "busy",
    MailState.COMMITTING: "busy",
    MailState.SENT: "good",
    MailState.FAILED: "bad",
    MailState.UNCERTAIN: "bad",
    MailState.CANCELLED: "quiet",
}


def _when(instant: datetime | None) -> str:
    if instant is None:
        return "–"
    return formats.date_format(timezone.localtime(instant), "DATETIME_FORMAT")


@admin.register(ReportDefinition)
class ReportDefinitionAdmin(ScopedAdmin):
    place = 88
    no_form_of_its_own = never_edited = True
    list_display = ["title", "cadence", "due_day", "due_at", "require_signoff"]
    search_fields = ["name_zh", "name_en"]
    fieldsets = [
        (None, {"fields": ["code", ("name_zh", "name_en"), "cadence", "sections"]}),
        (_("When"), {"fields": [("due_day", "due_at"), "require_signoff"]}),
    ]

    @admin.display(description=_("report"), ordering="code")
    def title(self, definition: ReportDefinition) -> str:
        return str(definition)


@admin.register(Edition)
class EditionAdmin(ScopedAdmin):
    """Editions: their figures to be read, their files to be fetched."""

    place = 80
    no_form_of_its_own = never_edited = True
    change_form_template = "admin/desk/edition.html"
    joins = ("definition",)
    list_display = ["title", "standing", "about", "version", "data_cutoff_at", "released_at"]
    list_filter = ["status", "definition"]
    fieldsets = [
        (
            _("Edition"),
            {
                "fields": [
                    "definition", ("period_start", "period_end"), "data_cutoff_at",
                    ("version", "status"), ("built_at", "released_at"), "sha256", "failure",
                ],
                "classes": ["collapse"],
            },
        ),
    ]  # fmt: skip
    queues = (
        Queue(
            "failed",
            _("Editions that could not be built"),
            "reporting.rebuild_edition",
            lambda rows, user, now: rows.filter(status=EditionStatus.FAILED),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [
            path("<int:pk>/files/<int:file_pk>/", view, name="reporting_edition_file"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
        """A file of an edition that the reader may see; any other answers as a missing one."""
        if not self.has_view_permission(request):
            raise Http404
        edition = self.get_queryset(request).filter(pk=pk).first()
        file = edition.files.filter(pk=file_pk).first() if edition else None
        found = Path(settings.FILES_DIR) / file.path if file else None
        if edition is None or file is None or found is None or not found.is_file():
            raise Http404
        name = f"{edition.definition.code}-{edition.period_start:%Y-%m}-v{edition.version}"
        name = f"{name}-{file.language}.{file.format}"
        return FileResponse(found.open("rb"), as_attachment=True, filename=name)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> Any:
        edition: Edition | None = options.get("obj")
        if edition is not None and edition.payload:
            printed = {**edition.payload, "sha256": edition.sha256}
            context["report"] = report.read(printed)
        return super().render_change_form(request, context, *args, **options)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Standing"), self.standing(row)),
            (_("Period"), f"{row.period_start:%Y-%m}"),
            (_("About"), self.about(row)),
            (_("Version"), row.version),
            (_("Data as known at"), _when(row.data_cutoff_at)),
            (_("Released at"), _when(row.released_at)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        files = [
            (
                format_html(
                    '<a href="{}">{} · {}</a>',
                    reverse("admin:reporting_edition_file", args=[row.pk, file.pk]),
                    file.get_format_display(),
                    file.get_language_display(),
                ),
                f"{file.size:,}",
                format_html('<code class="digest">{}</code>', file.sha256),
            )
            for file in row.files.all()
        ]
        titles = (_("file"), _("bytes"), "SHA-256")
        panels = [Panel(_("Files"), titles, files, _("No file was made yet."))]
        if reader(request).has_perm("reporting.view_outgoingmail"):
            mails = [
                (
                    link(mail, mail.address),
                    _mail_state(mail),
                    mail.attempts,
                    _when(mail.finished_at),
                )
                for mail in row.mail.all()
            ]
            headings = (
                pgettext_lazy("mail", "recipient"),
                _("state"),
                _("attempts"),
                _("finished at"),
            )
            panels.append(Panel(_("Mail"), headings, mails, _("No mail was queued yet.")))
        return panels

    @admin.display(description=_("edition"), ordering="period_start")
    def title(self, edition: Edition) -> str:
        return str(edition)

    @admin.display(description=_("standing"), ordering="status")
    def standing(self, edition: Edition) -> SafeString:
        return badge(edition.get_status_display(), EDITION_TONES[EditionStatus(edition.status)])

    @admin.display(description=_("about"))
    def about(self, edition: Edition) -> str:
        scope = edition.covers
        if scope.kind == "all":
            return str(_("the whole ledger"))
        names = ((edition.payload or {}).get("labels", {})).get(scope.region, {})
        return str(names.get(get_language() or "", scope.region))


class SubscriptionForm(DeskForm):
    formats = forms.MultipleChoiceField(
        label=_("Attachments"),
        choices=[(f.value, f.label) for f in (Format.PDF, Format.XLSX)],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any] | None:
        """A reader gets nothing that lies outside what they may see."""
        asked: dict[str, Any] = super().clean() or {}
        person, region = asked.get("reader"), asked.get("scope_region")
        if person and asked.get("scope_kind"):
            wanted = Scope(asked["scope_kind"], region.code if region else "")
            if not person.scope.covers(wanted):
                raise ValidationError({"scope_kind": _("This reader may not see that much.")})
        return asked


@admin.register(Subscription)
class SubscriptionAdmin(ScopedAdmin):
    place = 84
    form = SubscriptionForm
    joins = ("definition", "reader", "scope_region", "updated_by")
    list_display = ["reader", "definition", "scope_kind", "scope_region", "language", "standing"]
    list_filter = ["scope_kind", "language"]
    search_fields = ["reader__name"]
    fieldsets = [
        (None, {"fields": ["definition", "reader", ("scope_kind", "scope_region")]}),
        (_("How"), {"fields": ["language", "formats", "starts_on", "paused_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Everybody's for whoever keeps them; their own for every other reader."""
        mine = reader(request)
        rows = Subscription.objects.select_related(*self.joins)
        keeps = mine.has_perm("reporting.change_subscription")
        return rows if keeps else rows.filter(reader=mine)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reader":
            people = User.objects.filter(is_active=True, is_service=False).exclude(email="")
            kwargs["queryset"] = people.order_by("name")
        if db_field.name == "scope_region":
            paired = models.Q(pairings_as_recipient__isnull=False)
            paired |= models.Q(pairings_as_donor__isnull=False)
            kwargs["queryset"] = Region.objects.filter(paired).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("standing"))
    def standing(self, subscription: Subscription) -> SafeString:
        if subscription.paused_at is not None:
            return badge(_("paused"), "quiet")
        return badge(_("running"), "good")


def _arrived(mail: OutgoingMail, *, by: User, now: datetime) -> OutgoingMail:
    return resolve(mail, arrived=True, by=by, now=now)


def _send_again(mail: OutgoingMail, *, by: User, now: datetime) -> OutgoingMail:
    if mail.state == MailState.UNCERTAIN:
        return resolve(mail, arrived=False, by=by, now=now)
    return resend_failed(mail, by=by, now=now)


def _arrived_why_not(mail: OutgoingMail, user: User) -> Refused | None:
    if mail.state == MailState.UNCERTAIN:
        return None
    return Refused("mail_is_not_uncertain", _("Only uncertain mail waits for this answer."))


def _again_why_not(mail: OutgoingMail, user: User) -> Refused | None:
    if mail.state in {MailState.UNCERTAIN, MailState.FAILED, MailState.CANCELLED}:
        return None
    return Refused(
        "mail_did_not_fail", _("Only uncertain, failed and cancelled mail can be sent again.")
    )


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ScopedAdmin):
    """Every mail with its state, its attempts and the last word of the mail server."""

    place = 82
    no_form_of_its_own = never_edited = True
    joins = ("recipient", "edition__definition", "resolved_by")
    list_display = [
        "subject", "standing", "recipient", "address", "attempts", "created_at", "finished_at",
        "last_word",
    ]  # fmt: skip
    list_filter = ["state", "kind", "language"]
    search_fields = ["address", "subject", "message_id"]
    fieldsets = [
        (None, {"fields": ["subject", "address", ("kind", "language")]}),
        (_("Delivery"), {"fields": [("attempts", "run_after"), "give_up_at", "reply"]}),
        (_("Content"), {"fields": ["edition", "attachments", "body", "message_id"]}),
    ]
    verbs = (
        Verb(
            "arrived",
            pgettext_lazy("verb", "It arrived"),
            "reporting.resolve_outgoingmail",
            _arrived,
            _arrived_why_not,
            for_many=True,
            checks_version=False,
            explains=_("Ask the recipient first. The mail then counts as sent."),
        ),
        Verb(
            "send-again",
            pgettext_lazy("verb", "Send again"),
            "reporting.resolve_outgoingmail",
            _send_again,
            _again_why_not,
            for_many=True,
            checks_version=False,
            explains=_("The mail goes out once more; an uncertain one may then arrive twice."),
        ),
    )
    queues = (
        Queue(
            "uncertain",
            _("Uncertain mail"),
            "reporting.resolve_outgoingmail",
            lambda rows, user, now: rows.filter(state=MailState.UNCERTAIN),
        ),
        Queue(
            "failed",
            _("Failed mail"),
            "reporting.resolve_outgoingmail",
            lambda rows, user, now: rows.filter(state=MailState.FAILED),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), _mail_state(row)),
            (_("Recipient"), f"{row.recipient} <{row.address}>"),
            (_("Attempts"), row.attempts),
            (_("Queued at"), _when(row.created_at)),
            (_("Finished at"), _when(row.finished_at)),
            (_("Last word of the mail server"), row.reply or "–"),
            (_("Resolved by"), row.resolved_by or "–"),
        )

    @admin.display(description=_("state"), ordering="state")
    def standing(self, mail: OutgoingMail) -> SafeString:
        return _mail_state(mail)

    @admin.display(description=_("last word of the mail server"))
    def last_word(self, mail: OutgoingMail) -> str:
        return mail.reply.splitlines()[0] if mail.reply else "–"


def _mail_state(mail: OutgoingMail) -> SafeString:
    return badge(mail.get_state_display(), MAIL_TONES[MailState(mail.state)])
