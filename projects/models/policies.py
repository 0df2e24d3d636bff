"""How much of a project's money may be paid at which point of its road."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistance.models import Region, User
from assistance.models.rows import LedgerQuerySet, LedgerRow, counted_by_other_hands
from assistance.scope import Scope


class PaymentPolicyQuerySet(LedgerQuerySet["PaymentPolicy"]):
    seen_through = ""
    business_day = "starts_on"

    def within(self, scope: Scope) -> Self:
        """Every reader of a county's rows may read its policy; policies belong to no pairing."""
        match scope.kind:
            case "all":
                return self
            case "recipient":
                return self.filter(county__in=Region.objects.inside(scope.region))
            case _:
                return self.none()

    def visible_to(self, user: User) -> Self:
        return self.within(user.scope)


class PaymentPolicy(LedgerRow):
    """The payment steps of one county from one day on. It applies once an approver confirmed it.

    ``steps`` is a list of {"pct": "30", "when": …, …} in rising order of ``pct``; its words are
    read by ``projects.policies``. A county without a policy follows the default one there.
    """

    county = models.ForeignKey(
        Region, models.PROTECT, related_name="payment_policies", verbose_name=_("county")
    )
    name = models.CharField(_("policy"), max_length=80)
    steps = models.JSONField(_("steps"))
    starts_on = models.DateField(_("applies from"))
    doc_no = models.CharField(_("document no."), max_length=80, blank=True)

    objects = PaymentPolicyQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("payment policy")
        verbose_name_plural = _("payment policies")
        ordering = ["county_id", "-starts_on"]
        default_permissions = ("add", "view")
        permissions = [("confirm_paymentpolicy", _("Can confirm a payment policy"))]
        constraints = [*LedgerRow.Meta.constraints, counted_by_other_hands()]

    def __str__(self) -> str:
        return f"{self.county} · {self.name} ({self.starts_on})"
