"""Monthly returns: what a partner reports for a pairing and a month."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models.agreements import amount
from assistance.models.indicators import Indicator
from assistance.models.pairings import A_MONTH, Pairing
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    Recorded,
    RecordedQuerySet,
    counted_by_other_hands,
    is_one_of,
)
from assistance.periods import Month


class ReturnState(models.TextChoices):
    OPEN = "OPEN", pgettext_lazy("return", "open")
    SUBMITTED = "SUBMITTED", pgettext_lazy("return", "submitted")
    RETURNED = "RETURNED", pgettext_lazy("return", "sent back")
    ACCEPTED = "ACCEPTED", pgettext_lazy("return", "accepted")
    LOCKED = "LOCKED", pgettext_lazy("return", "locked")


TO_FILL_IN = (ReturnState.OPEN, ReturnState.RETURNED)


class MonthlyReturnQuerySet(RecordedQuerySet["MonthlyReturn"]):
    seen_through = "pairing"


class MonthlyReturn(Recorded):
    """The return of one pairing for one month, written YYYY-MM. The bell opens it when the month
    has ended; once it is accepted its values count, once it is locked nothing of it changes.
    """

    pairing = models.ForeignKey(
        Pairing, models.PROTECT, related_name="returns", verbose_name=_("pairing")
    )
    period = models.CharField(_("month"), max_length=7)
    state = models.CharField(
        _("state"), max_length=9, choices=ReturnState, default=ReturnState.OPEN, editable=False
    )
    note = models.TextField(_("remarks"), blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("submitted by"),
    )  # fmt: skip
    return_reason = models.TextField(_("sent back because"), blank=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("accepted by"),
    )  # fmt: skip
    locked_at = models.DateTimeField(_("locked at"), null=True, editable=False)

    objects = MonthlyReturnQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("monthly return")
        verbose_name_plural = _("monthly returns")
        ordering = ["-period", "pairing__recipient__code", "id"]
        default_permissions = ("change", "view")
        permissions = [
            ("submit_return", _("Can submit monthly returns")),
            ("accept_return", _("Can accept monthly returns and send them back")),
        ]
        constraints = [
            UniqueConstraint(
                name="return_once_per_pairing_and_month", fields=["pairing", "period"]
            ),
            CheckConstraint(name="return_is_of_a_month", condition=Q(period__regex=A_MONTH)),
            CheckConstraint(
                name="return_state_is_known", condition=is_one_of("state", ReturnState.values)
            ),
            CheckConstraint(
                name="return_submitted_when_its_state_says_so",
                condition=Q(state=ReturnState.OPEN, submitted_at=None, submitted_by=None)
                | ~Q(state=ReturnState.OPEN)
                & Q(submitted_at__isnull=False, submitted_by__isnull=False),
            ),
            CheckConstraint(
                name="return_sent_back_with_a_reason",
                condition=~Q(state=ReturnState.RETURNED) | ~Q(return_reason=""),
            ),
            CheckConstraint(
                name="return_accepted_when_its_state_says_so",
                condition=Q(
                    state__in=[ReturnState.OPEN, ReturnState.SUBMITTED, ReturnState.RETURNED],
                    accepted_at=None,
                    accepted_by=None,
                )
                | Q(
                    state__in=[ReturnState.ACCEPTED, ReturnState.LOCKED],
                    accepted_at__isnull=False,
                    accepted_by__isnull=False,
                ),
            ),
            CheckConstraint(
                name="return_locked_when_its_state_says_so",
                condition=Q(state=ReturnState.LOCKED, locked_at__isnull=False)
                | ~Q(state=ReturnState.LOCKED) & Q(locked_at=None),
            ),
            CheckConstraint(
                name="return_accepted_by_other_hands",
                condition=Q(accepted_by=None) | ~Q(accepted_by=models.F("submitted_by")),
                violation_error_message=_(
                    "You submitted this yourself; somebody else has to accept it."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pairing} · {self.period}"

    @property
    def month(self) -> Month:
        return Month.parse(self.period)


class ReturnValueQuerySet(LedgerQuerySet["ReturnValue"]):
    seen_through = "monthly_return__pairing"
    business_day = "created_at"  # its month is that of the return

    def known(self, known_at: datetime) -> Self:
        """The values that counted by what was known at ``known_at``."""
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), counted_at__lte=known_at)


class ReturnValue(LedgerRow):
    """What a return says of one indicator: of a flow the month's own, of a stock its last day, of a
    distinct count everybody since 1 January. It counts once the return is accepted.
    """

    monthly_return = models.ForeignKey(
        MonthlyReturn, models.PROTECT, related_name="values", verbose_name=_("monthly return")
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, related_name="values", verbose_name=_("indicator")
    )
    value = amount(_("value"), null=True, blank=True, help_text=_("blank: not known"))

    objects = ReturnValueQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("value of a return")
        verbose_name_plural = _("values of returns")
        ordering = ["monthly_return_id", "indicator__place"]
        default_permissions = ()
        constraints = [
            *LedgerRow.Meta.constraints,
            UniqueConstraint(
                name="value_once_per_return_and_indicator", fields=["monthly_return", "indicator"]
            ),
            CheckConstraint(name="value_is_not_negative", condition=Q(value__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.indicator}: {self.value}"

    def clean(self) -> None:
        if self.indicator.is_whole and self.value is not None and self.value != int(self.value):
            raise ValidationError(
                {"value": gettext("This indicator is a count; enter a whole number.")}
            )


class ReturnAdjustmentQuerySet(LedgerQuerySet["ReturnAdjustment"]):
    seen_through = "monthly_return__pairing"
    business_day = "created_at"

    def known(self, known_at: datetime) -> Self:
        """The adjustments that counted by what was known at ``known_at``."""
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), counted_at__lte=known_at)


class ReturnAdjustment(LedgerRow):
    """The only correction of a locked return: so much more or less of one indicator, shown in the
    month ``period`` in which it was found, with the reason.
    """

    monthly_return = models.ForeignKey(
        MonthlyReturn, models.PROTECT, related_name="adjustments", verbose_name=_("monthly return")
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, related_name="adjustments", verbose_name=_("indicator")
    )
    delta = models.DecimalField(_("more or less"), max_digits=20, decimal_places=4)
    reason = models.TextField(_("reason"))
    period = models.CharField(_("shown in the month"), max_length=7, editable=False)

    objects = ReturnAdjustmentQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("adjustment of a return")
        verbose_name_plural = _("adjustments of returns")
        ordering = ["-period", "-id"]
        default_permissions = ("add", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(name="return_adjustment_changes_something", condition=~Q(delta=0)),
            CheckConstraint(name="return_adjustment_has_a_reason", condition=~Q(reason="")),
            CheckConstraint(
                name="return_adjustment_is_of_a_month", condition=Q(period__regex=A_MONTH)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.delta:+}"
