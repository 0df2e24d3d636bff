"""Steps that one office proposes and another confirms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of
from projects.models.project import OfProjectQuerySet, Project
from projects.models.road import PROPOSED_STAGES, Stage


class StepProposalQuerySet(OfProjectQuerySet["StepProposal"]):
    business_day = "effective_on"

    def open(self) -> StepProposalQuerySet:
        """Neither confirmed nor declined nor taken back."""
        return self.filter(counted_at=None, declined_at=None, voided_at=None)


class StepProposal(LedgerRow):
    """The works began, ended, or were handed over, says one; it counts, and the stage moves, once
    another confirms it on site. At most one is open per project.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="step_proposals", verbose_name=_("project")
    )
    to_stage = models.CharField(_("to"), max_length=12, choices=Stage)
    effective_on = models.DateField(_("effective on"))
    remarks = models.CharField(_("remarks"), max_length=200, blank=True)
    declined_at = models.DateTimeField(_("declined at"), null=True, editable=False)
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("declined by"),
    )
    decline_reason = models.TextField(_("reason for declining"), blank=True, editable=False)

    objects = StepProposalQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("proposed step")
        verbose_name_plural = _("proposed steps")
        ordering = ["project_id", "-id"]
        default_permissions = ("view",)
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="proposal_leads_to_a_step_of_two_hands",
                condition=is_one_of("to_stage", PROPOSED_STAGES),
            ),
            CheckConstraint(
                name="proposal_declined_at_by_and_why",
                condition=Q(declined_at=None, declined_by=None, decline_reason="")
                | Q(declined_at__isnull=False, declined_by__isnull=False, counted_at=None)
                & ~Q(decline_reason=""),
            ),
            UniqueConstraint(
                name="one_open_proposal_per_project",
                fields=["project"],
                condition=Q(counted_at=None, declined_at=None, voided_at=None),
                violation_error_message=_("A step of this project waits for confirmation already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_to_stage_display()} · {self.effective_on}"
