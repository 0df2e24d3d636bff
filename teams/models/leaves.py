"""Days on which somebody in post is away from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, DateField, F, Func, Q
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import LedgerQuerySet, LedgerRow, days, is_one_of, same
from teams.models.postings import Posting


class LeaveKind(models.TextChoices):
    ANNUAL = "ANNUAL", pgettext_lazy("leave", "annual leave")
    HOME = "HOME", pgettext_lazy("leave", "home leave")
    PERSONAL = "PERSONAL", pgettext_lazy("leave", "personal leave")
    SICK = "SICK", pgettext_lazy("leave", "sick leave")
    TRIP = "TRIP", pgettext_lazy("leave", "official trip")


class LeaveState(models.TextChoices):
    REQUESTED = "REQUESTED", pgettext_lazy("leave", "requested")
    TEAM_OK = "TEAM_OK", pgettext_lazy("leave", "team agreed")
    HOST_OK = "HOST_OK", pgettext_lazy("leave", "granted")
    ON_LEAVE = "ON_LEAVE", pgettext_lazy("leave", "on leave")
    RETURNED = "RETURNED", pgettext_lazy("leave", "returned")
    REFUSED = "REFUSED", pgettext_lazy("leave", "refused")
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("leave", "withdrawn")


BEFORE_IT_COUNTS = (LeaveState.REQUESTED, LeaveState.TEAM_OK, LeaveState.HOST_OK)
CAME_TO_NOTHING = (LeaveState.REFUSED, LeaveState.WITHDRAWN)


class LeaveQuerySet(LedgerQuerySet["Leave"]):
    seen_through = "posting__pairing"
    business_day = "left_on"

    def under_way(self, day: date, known_at: datetime) -> Self:
        """Begun and not signed back in on ``day`` by what was known at ``known_at``; the day of the
        return is no day of leave.
        """
        return self.as_at(day, known_at).filter(
            Q(returned_on=None) | Q(returned_on__gt=day) | Q(returned_at__gt=known_at)
        )


def _day_before(column: str) -> Func:
    day = Cast(column, DateField())  # or PostgreSQL takes NULL - 1 for a number
    return Func(day, template="(%(expressions)s - 1)", output_field=DateField())


class Leave(LedgerRow):
    """Leave from ``starts_on`` to ``ends_on``, both included, as asked for. The team agrees, the
    host grants; it counts once the person has left, until the return is signed in.
    """

    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="leaves", verbose_name=_("posting")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=LeaveKind)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    reason = models.TextField(_("reason"))
    destination = models.CharField(_("destination"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=9, choices=LeaveState, default=LeaveState.REQUESTED, editable=False
    )
    team_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("agreed for the team by"),
    )  # fmt: skip
    host_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("granted for the host by"),
    )  # fmt: skip
    left_on = models.DateField(_("left on"), null=True, editable=False)
    returned_on = models.DateField(_("returned on"), null=True, editable=False)
    returned_at = models.DateTimeField(_("return signed in at"), null=True, editable=False)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("return signed in by"),
    )  # fmt: skip
    answer = models.TextField(_("reason of the refusal"), blank=True, editable=False)

    objects = LeaveQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = pgettext_lazy("noun", "leave")
        verbose_name_plural = pgettext_lazy("noun, plural", "leave")
        ordering = ["-starts_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [
            ("agree_leave", _("Can agree to leave for the team")),
            ("grant_leave", _("Can grant leave for the host")),
            ("sign_leave", _("Can record departure and return")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="leave_kind_is_known", condition=is_one_of("kind", LeaveKind.values)
            ),
            CheckConstraint(
                name="leave_state_is_known", condition=is_one_of("state", LeaveState.values)
            ),
            CheckConstraint(
                name="leave_days_in_order",
                condition=Q(starts_on__lte=F("ends_on")),
                violation_error_message=_("The last day lies before the first."),
            ),
            CheckConstraint(
                name="leave_counts_when_away",
                condition=Q(
                    state__in=[*BEFORE_IT_COUNTS, *CAME_TO_NOTHING],
                    counted_at=None,
                    left_on=None,
                    returned_on=None,
                    returned_at=None,
                    returned_by=None,
                )
                | Q(
                    state=LeaveState.ON_LEAVE,
                    counted_at__isnull=False,
                    left_on__isnull=False,
                    host_by__isnull=False,
                    returned_on=None,
                    returned_at=None,
                    returned_by=None,
                )
                | Q(
                    state=LeaveState.RETURNED,
                    counted_at__isnull=False,
                    returned_on__gt=F("left_on"),
                    host_by__isnull=False,
                    returned_at__isnull=False,
                    returned_by__isnull=False,
                ),
            ),
            CheckConstraint(
                name="leave_is_granted_by_other_hands",
                condition=(Q(team_by=None) | ~Q(team_by=F("created_by")))
                & (Q(host_by=None) | ~Q(host_by=F("created_by")) & ~Q(host_by=F("team_by"))),
                violation_error_message=_(
                    "Whoever asked for it does not agree to it, and the team and the host are two."
                ),
            ),
            ExclusionConstraint(
                name="one_leave_of_a_posting_per_day",
                expressions=[
                    (same("posting"), RangeOperators.OVERLAPS),
                    (
                        days("starts_on", Coalesce(_day_before("returned_on"), "ends_on")),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=~Q(state__in=CAME_TO_NOTHING) & Q(voided_at=None),
                violation_error_message=_("There is leave on some of these days already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.starts_on} – {self.ends_on}"
