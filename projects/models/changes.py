"""Changes of what was approved, and of the money with it."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.errors import Refused
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
    REJECTED = "rejected", pgettext_lazy("change status", "rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("status", "withdrawn")


OPEN_CHANGE = (ChangeStatus.SUBMITTED, ChangeStatus.CONSENTED)
DECIDED_CHANGE = (ChangeStatus.APPROVED, ChangeStatus.REJECTED, ChangeStatus.WITHDRAWN)

# The verbs of a request, what they are called, and the statuses that they take it from.
CHANGE_VERBS = {
    "edit": pgettext_lazy("verb", "Edit"),
    "submit": pgettext_lazy("change verb", "Submit"),
    "withdraw": pgettext_lazy("verb", "Withdraw"),
    "return": pgettext_lazy("verb", "Return"),
    "consent": pgettext_lazy("verb", "Record the consent"),
    "approve": pgettext_lazy("verb", "Approve"),
    "reject": pgettext_lazy("change verb", "Reject"),
}
TAKES_FROM: dict[str, tuple[ChangeStatus, ...]] = {
    "edit": (ChangeStatus.DRAFT,),
    "submit": (ChangeStatus.DRAFT,),
    "withdraw": (ChangeStatus.DRAFT, ChangeStatus.SUBMITTED),
    "return": (ChangeStatus.SUBMITTED,),
    "consent": (ChangeStatus.SUBMITTED,),
    "approve": OPEN_CHANGE,
    "reject": OPEN_CHANGE,
}
KEEPS = "projects.change_changerequest"
CONSENTS = "projects.consent_changerequest"
DECIDES_SMALL = "projects.decide_small_changerequest"
DECIDES = "projects.approve_changerequest"
OWN_HANDS = ("created_by", "submitted_by")


class ChangeRequestQuerySet(RecordedQuerySet["ChangeRequest"]):
    seen_through = "project__pairing"

    def visible_to(self, user: User) -> ChangeRequestQuerySet:
        rows = super().visible_to(user)
        return rows.exclude(status=ChangeStatus.DRAFT) if user.scope.kind == "donor" else rows

    def open(self) -> ChangeRequestQuerySet:
        """Submitted and not decided yet: meanwhile nothing is paid but retention."""
        return self.filter(status__in=OPEN_CHANGE)

    def returned_to(self, user: User) -> ChangeRequestQuerySet:
        """Drafts that came back with a reason, for those who keep the project's rows."""
        if not user.has_perm(KEEPS):
            return self.none()
        rows = self.filter(status=ChangeStatus.DRAFT).exclude(decision_reason="")
        return rows._kept_by(user)

    def awaiting(self, verb: str, user: User) -> ChangeRequestQuerySet:
        """The rows for which ``why_not(verb, user)`` finds nothing, for ``consent`` and
        ``approve``: the same rule as a query.
        """
        rows = self.exclude(created_by=user).exclude(submitted_by=user)
        if verb == "consent":
            rows = rows.filter(status=ChangeStatus.SUBMITTED, needs_consent=True)
            return rows._consented_by(user) if user.has_perm(CONSENTS) else self.none()
        small = Q(needs_consent=False, status=ChangeStatus.SUBMITTED)
        mine = Q(pk__in=[])
        if user.has_perm(DECIDES_SMALL):
            mine |= small & ~Q(kind=ChangeKind.SURPLUS)
        if user.has_perm(DECIDES):
            consented = Q(status=ChangeStatus.CONSENTED) & ~Q(consented_by=user)
            mine |= small & Q(kind=ChangeKind.SURPLUS) | consented
        return rows.filter(mine)._kept_by(user)

    def _kept_by(self, user: User) -> ChangeRequestQuerySet:
        match user.scope.kind:
            case "all":
                return self
            case "nothing":
                return self.none()
        own = user.organisation.region_id if user.organisation else None
        return self.filter(**{f"project__pairing__{user.scope.kind}": own})

    def _consented_by(self, user: User) -> ChangeRequestQuerySet:
        if user.scope.kind == "recipient":
            return self
        rows = self._kept_by(user)
        if user.scope.kind == "all":
            for prefix in user.regions_with_a_front_team:
                rows = rows.exclude(project__county__code__startswith=prefix)
        return rows


class ChangeRequest(Recorded):
    """An application to change what was approved. ``before`` and ``after`` map columns of the
    project to values, ``shares`` ids of shares to yuan (in ``after`` the signed difference),
    ``new_shares`` ids of fund plans, or MATCH or SELF, to yuan, ``targets`` a list and
    ``justification`` a sentence. Approval writes ``after`` in the same transaction.

    A returned request is a draft whose ``decision_reason`` says why it came back.
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
    # The database's own number of the transaction that approved the request, written by a trigger:
    # only in that transaction may the project's approved columns change.
    approved_in = models.BigIntegerField(null=True, editable=False)

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

    def why_not(self, verb: str, user: User) -> Refused | PermissionDenied | None:
        """What stands between ``user`` and a verb of this request by status, permission and other
        hands; None when nothing. Select the project's pairing and county along in lists.
        """
        if not self._falls_to(verb, user):
            return PermissionDenied()
        shut = self._shut(verb)
        if shut is None and verb in {"consent", "approve", "reject"}:
            others = (*OWN_HANDS, "consented_by") if verb == "approve" else OWN_HANDS
            try:
                self.require_other_hands(user, than=others)
            except Refused as refusal:
                return refusal
        return shut

    def verbs_open_to(self, user: User) -> list[str]:
        """The verbs that ``user`` may take now, as far as ``why_not`` can tell."""
        return [verb for verb in CHANGE_VERBS if self.why_not(verb, user) is None]

    def _shut(self, verb: str) -> Refused | None:
        if self.status not in TAKES_FROM[verb]:
            return Refused(
                "not_open",
                _("“%(verb)s” is not open to a change that is %(status)s.")
                % {"verb": CHANGE_VERBS[verb], "status": self.get_status_display()},
            )
        if verb == "consent" and not self.needs_consent:
            return Refused("needs_no_consent", _("This change needs no consent of the donor."))
        if verb == "approve" and self.needs_consent and self.status != ChangeStatus.CONSENTED:
            return Refused(
                "consent_missing",
                _("The donor has not consented yet; the front team or the donor records that."),
            )
        return None

    def _falls_to(self, verb: str, user: User) -> bool:
        match verb:
            case "edit" | "submit" | "withdraw":
                return user.has_perm(KEEPS) and self._is_kept_by(user)
            case "consent":
                return self._may_consent(user)
            case "return":
                consents = self.needs_consent and self._may_consent(user)
                return consents or self._may_decide(user)
            case _:
                return self._may_decide(user)

    def _may_decide(self, user: User) -> bool:
        small = not self.needs_consent and self.kind != ChangeKind.SURPLUS
        return user.has_perm(DECIDES_SMALL if small else DECIDES) and self._is_kept_by(user)

    def _may_consent(self, user: User) -> bool:
        """The front team of the region and the donor's own office; where no front team works, the
        reviewer takes its part.
        """
        if not user.has_perm(CONSENTS):
            return False
        if user.scope.kind == "all":
            return not self.project.has_a_front_team(user)
        return user.scope.kind == "recipient" or self._is_kept_by(user)

    def _is_kept_by(self, user: User) -> bool:
        pairing = self.project.pairing
        return user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)


class FundingAdjustmentQuerySet(LedgerQuerySet["FundingAdjustment"]):
    seen_through = "project_funding__project__pairing"
    business_day = "effective_on"


class FundingAdjustment(LedgerRow):
    """Yuan that a share grew or, negative, shrank by, under an approved change. It counts from the
    approval on. No verb strikes one out: what a change did wrong, another change puts right.
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
