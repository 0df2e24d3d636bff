"""What the lists of the work and the money have in common: filters and colours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Filter, badge
from assistance.errors import Refused
from assistance.models import User
from assistance.periods import local_day
from projects.models import AID, Project, Stage
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus

STAGE_TONES = {
    Stage.DRAFT: "quiet",
    Stage.SUBMITTED: "open",
    Stage.LIBRARY: "open",
    Stage.APPROVED: "busy",
    Stage.TENDERING: "busy",
    Stage.READY: "busy",
    Stage.ACTIVE: "busy",
    Stage.SUSPENDED: "bad",
    Stage.TERMINATED: "bad",
    Stage.REJECTED: "bad",
    Stage.WITHDRAWN: "quiet",
}  # every later stage is good
STATUS_TONES: dict[str, str] = {
    FundPlanStatus.DRAFT.value: "open",
    FundPlanStatus.ISSUED.value: "good",
    FundPlanStatus.CLOSED.value: "quiet",
    TransferStatus.CONFIRMED.value: "good",
    TransferStatus.VOIDED.value: "quiet",
    PaymentStatus.SUBMITTED.value: "open",
    PaymentStatus.VERIFIED.value: "good",
    PaymentStatus.REJECTED.value: "bad",
    ProgressStatus.RETURNED.value: "bad",
}
YEARS_SHOWN = 6


class YearFilter(Filter):
    """The fiscal year; the last years by name, so that no list has to be read for its years."""

    title = _("fiscal year")
    parameter_name = "year"
    column: ClassVar[str] = "fiscal_year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = local_day(timezone.now()).year + 1
        return [(str(year), str(year)) for year in range(newest, newest - YEARS_SHOWN, -1)]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        asked = self.value()
        if not asked:
            return queryset
        return queryset.filter(**{self.column: int(asked)}) if asked.isdigit() else queryset.none()


class AidFilter(Filter):
    """Fiscal aid, or money from other sources."""

    title = _("kind of money")
    parameter_name = "kind"
    column: ClassVar[str] = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("aid", str(_("fiscal aid"))), ("other", str(_("other sources")))]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        aid = {f"{self.column}__in": AID}
        match self.value():
            case "aid":
                return queryset.filter(**aid)
            case "other":
                return queryset.exclude(**aid)
        return queryset


class CountingFilter(Filter):
    """Rows that figures count, or those that nobody has confirmed yet."""

    title = _("counts in figures")
    parameter_name = "counting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", str(_("yes"))), ("0", str(_("no")))]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        match self.value():
            case "1":
                return queryset.filter(counted_at__isnull=False, voided_at=None)
            case "0":
                return queryset.filter(Q(counted_at=None) | Q(voided_at__isnull=False))
        return queryset


class PlanYearFilter(YearFilter):
    column = "fund_plan__fiscal_year"


class PlanAidFilter(AidFilter):
    column = "fund_plan__source"


class ShareYearFilter(YearFilter):
    column = "project_funding__fiscal_year"


class ShareAidFilter(AidFilter):
    column = "project_funding__source"


def state_of(row: Any) -> SafeString:
    """The status of a row of money or progress, with its colour."""
    return badge(row.get_status_display(), STATUS_TONES.get(row.status, "quiet"))


def stage_of(project: Project) -> SafeString:
    """The stage of a project, with its colour, and the stage that somebody reported."""
    stage = badge(project.get_stage_display(), STAGE_TONES.get(Stage(project.stage), "good"))
    if not project.proposed_stage:
        return stage
    reported = _("“%(stage)s” reported") % {"stage": project.get_proposed_stage_display()}
    return format_html('{} <small class="reported">{}</small>', stage, reported)


def progress_bar(pct: Decimal) -> SafeString:
    """Per cent of the works as a bar and in figures."""
    figure = f"{pct.normalize():f}" if pct else "0"
    return format_html(
        '<meter class="progress" min="0" max="100" value="{0}">{0}%</meter> {0}%', figure
    )


def own_work(row: Any, user: User, *people: str) -> Refused | None:
    """What is refused because ``user`` is one of the people in these fields of the row."""
    try:
        row.require_other_hands(user, than=people)
    except Refused as refusal:
        return refusal
    return None


def settled(row: Any, code: str) -> Refused:
    """The answer of a verb that came to a row too late."""
    return Refused(code, _("It is %(status)s already.") % {"status": row.get_status_display()})
