"""Changes of what was approved, and of the money with it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    Recorded,
    RecordedQuerySet,
    counted_by_other_hands,
    is_one_of,
)
from assistance.models.users import User
from projects.models.funds import ProjectFunding
from projects.models.project import Project


class ChangeKind(models.TextChoices):
    CONTENT = "CONTENT", pgettext_lazy("change", "scope and quantities")
    SITE = "SITE", pgettext_lazy("change", "site")
    BUDGET = "BUDGET", pgettext_lazy("change", "budget")
    SCHEDULE = "SCHEDULE", pgettext_lazy("change", "schedule")
    UNIT = "UNIT", pgettext_lazy("change", "implementing unit")
    USE_OF_FUNDS = "USE_OF_FUNDS", pgettext_lazy("change", "use of funds")
    SURPLUS = "SURPLUS", pgettext_lazy("change", "release of a surplus")
    TERMINATE = "TERMINATE", pgettext_lazy("change", "termination")


class ChangeStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("status", "draft")
    SUBMITTED = "submitted", pgettext_lazy("status", "submitted")
    CONSENTED = "consented", pgettext_lazy("status", "consented")
    APPROVED = "approved", pgettext_lazy("status", "approved")
    REJECTED = "rejected", pgettext_lazy("status", "rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("status", "withdrawn")


OPEN_CHANGE = (ChangeStatus.SUBMITTED, ChangeStatus.CONSENTED)
DECIDED_CHANGE = (ChangeStatus.APPROVED, ChangeStatus.REJECTED, ChangeStatus.WITHDRAWN)


class ChangeRequestQuerySet(RecordedQuerySet["ChangeRequest"]):
    seen_through = "project__pairing"

    def visible_to(self, user: User) -> ChangeRequestQuerySet:
        rows = super().visible_to(user)
        return rows.exclude(status=ChangeStatus.DRAFT) if user.scope.kind == "donor" else rows

    def open(self) -> ChangeRequestQuerySet:
        """Submitted and not decided yet: meanwhile nothing is paid but retention."""
        return self.filter(status__in=OPEN_CHANGE)


class ChangeRequest(Recorded):
    """An application to change what was approved. ``before`` and ``after`` map columns of the
    project (and ``shares``: ids to signed yuan) to values; approval writes ``after`` in the same
    transaction.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="change_requests", verbose_name=_("project")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ChangeKind)
    before = models.JSONField(_("before"), default=dict, editable=False)
    after = models.JSONField(_("after"), default=dict, editable=False)
    reason = models.TextField(_("reason"))
    effective_on = models.DateField(_("effective on"), null=True, blank=True)
    needs_consent = models.BooleanField(_("needs approval anew"), default=True, editable=False)
    donor_consent_doc = models.CharField(
        _("donor's consent, document no."), max_length=80, blank=True
    )
    doc_no = models.CharField(_("document no."), max_length=80, blank=True, editable=False)
    status = models.CharField(
        _("status"),
        max_length=9,
        choices=ChangeStatus,
        default=ChangeStatus.DRAFT,
        editable=False,
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("submitted by"),
    )
    consented_at = models.DateTimeField(_("consented at"), null=True, editable=False)
    consented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("consented by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("decided by"),
    )
    decision_reason = models.TextField(_("reason for the decision"), blank=True, editable=False)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        ordering = ["-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("consent_changerequest", _("Can give the donor's consent to a change")),
            ("approve_changerequest", _("Can approve a change")),
            ("decide_small_changerequest", _("Can approve a small change")),
        ]
        constraints = [
            CheckConstraint(
                name="change_request_kind_is_known", condition=is_one_of("kind", ChangeKind.values)
            ),
            CheckConstraint(
                name="change_request_status_is_known",
                condition=is_one_of("status", ChangeStatus.values),
            ),
            CheckConstraint(
                name="change_request_submitted_at_and_by",
                condition=Q(submitted_at=None, submitted_by=None)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
            ),
            CheckConstraint(
                name="change_request_consented_at_and_by",
                condition=Q(consented_at=None, consented_by=None)
                | Q(consented_at__isnull=False, consented_by__isnull=False),
            ),
            CheckConstraint(
                name="change_request_decided_at_and_by",
                condition=Q(decided_at=None, decided_by=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
            CheckConstraint(
                name="change_request_approved_by_other_hands",
                condition=~Q(status=ChangeStatus.APPROVED)
                | ~Q(decided_by=models.F("created_by")) & ~Q(decided_by=models.F("submitted_by")),
                violation_error_message=_(
                    "You entered this yourself; somebody else has to confirm it."
                ),
            ),
            CheckConstraint(
                name="change_request_goes_its_way",
                condition=Q(status=ChangeStatus.DRAFT, decided_at=None)
                | Q(status=ChangeStatus.SUBMITTED, submitted_at__isnull=False, decided_at=None)
                | Q(
                    status=ChangeStatus.CONSENTED,
                    submitted_at__isnull=False,
                    consented_at__isnull=False,
                    decided_at=None,
                )
                | Q(
                    status=ChangeStatus.APPROVED,
                    submitted_at__isnull=False,
                    decided_at__isnull=False,
                    effective_on__isnull=False,
                )
                & (Q(needs_consent=False) | Q(consented_at__isnull=False))
                | Q(
                    status=ChangeStatus.REJECTED,
                    submitted_at__isnull=False,
                    decided_at__isnull=False,
                )
                | Q(status=ChangeStatus.WITHDRAWN, decided_at__isnull=False),
            ),
            UniqueConstraint(
                name="one_open_change_per_project",
                fields=["project"],
                condition=Q(status__in=OPEN_CHANGE),
                violation_error_message=_("A change of this project waits for a decision already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.project}"


class FundingAdjustmentQuerySet(LedgerQuerySet["FundingAdjustment"]):
    seen_through = "project_funding__project__pairing"
    business_day = "effective_on"


class FundingAdjustment(LedgerRow):
    """Yuan that a share grew or, negative, shrank by, under an approved change. It counts from the
    approval on.
    """

    project_funding = models.ForeignKey(
        ProjectFunding,
        models.PROTECT,
        related_name="adjustments",
        verbose_name=_("project funding"),
    )
    change_request = models.ForeignKey(
        ChangeRequest,
        models.PROTECT,
        related_name="adjustments",
        verbose_name=_("change request"),
    )
    delta_yuan = models.DecimalField(
        _("difference (yuan)"), max_digits=18, decimal_places=2, help_text=_("negative: released")
    )
    effective_on = models.DateField(_("effective on"))

    objects = FundingAdjustmentQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("adjustment of a share")
        verbose_name_plural = _("adjustments of shares")
        ordering = ["project_funding_id", "effective_on", "id"]
        default_permissions = ("view",)
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(name="adjustment_changes_something", condition=~Q(delta_yuan=0)),
        ]
        indexes = [
            models.Index(fields=["project_funding", "effective_on"], name="adjustment_of_share")
        ]

    def __str__(self) -> str:
        return f"{self.delta_yuan:+,.2f} · {self.effective_on}"
