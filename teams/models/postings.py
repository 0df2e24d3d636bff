"""Postings: who is where, as what, from when to when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, Exists, F, OuterRef, Q, Subquery, UniqueConstraint
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Organisation, Pairing, Region
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    days,
    is_one_of,
    same,
)

ENDS_BEFORE_IT_STARTS = _("The planned end lies before the start.")


def not_over(day: date, known_at: datetime) -> Q:
    """The last day in post had not passed before ``day`` by what was known at ``known_at``."""
    return Q(end_on=None) | Q(end_on__gte=day) | Q(ended_at__gt=known_at)


def has_successor() -> Exists:
    """Somebody is named to take over the post of the posting asked for, or has."""
    return Exists(Posting.objects.taking_place().filter(succeeds=OuterRef("pk")))


class PostingQuerySet(LedgerQuerySet["Posting"]):
    seen_through = "pairing"
    business_day = "start_on"

    def in_post(self, day: date, known_at: datetime) -> Self:
        """Dispatched and not yet ended on ``day`` by what was known at ``known_at``.

        The last day in post still counts; whoever overstays the planned end does too.
        """
        return self.as_at(day, known_at).filter(not_over(day, known_at))

    def taking_place(self) -> Self:
        """Neither struck out nor cancelled."""
        return self.standing().exclude(state=PostingState.CANCELLED)

    def with_planned_end(self, day: date, known_at: datetime) -> Self:
        """Annotate ``end_then``: the planned end on ``day`` by what was known at ``known_at``."""
        moved = (
            PostingExtension.objects.as_at(day, known_at)
            .filter(posting=OuterRef("pk"))
            .order_by("-pk")
        )
        return self.annotate(
            end_then=Coalesce(
                Subquery(moved.order_by("-pk").values("new_end")[:1]),
                "first_planned_end",
                "planned_end",
            )
        )


class Direction(models.TextChoices):
    OUT = "OUT", pgettext_lazy("direction", "east to west")
    IN = "IN", pgettext_lazy("direction", "west to east")


class Category(models.TextChoices):
    CADRE = "CADRE", pgettext_lazy("category", "Party and government cadre")
    TEACHER = "TEACHER", pgettext_lazy("category", "teacher")
    DOCTOR = "DOCTOR", pgettext_lazy("category", "doctor")
    AGRI = "AGRI", pgettext_lazy("category", "agricultural expert")
    OTHER_TECH = "OTHER_TECH", pgettext_lazy("category", "other professional")
    ENTERPRISE = "ENTERPRISE", pgettext_lazy("category", "from an enterprise")


class Term(models.TextChoices):
    Y3 = "3Y", _("3 years")
    Y2 = "2Y", _("2 years")
    M18 = "18M", _("18 months")
    Y1 = "1Y", _("1 year")
    M6 = "6M", _("6 months")
    M1 = "1M", _("1 month or more")
    FLEX = "FLEX", _("flexible")


class GroupType(models.TextChoices):
    NONE = "NONE", pgettext_lazy("group type", "none")
    EDUCATION = "EDUCATION", pgettext_lazy("group type", "education group")
    MEDICAL = "MEDICAL", pgettext_lazy("group type", "medical group")


class PostingState(models.TextChoices):
    PLANNED = "PLANNED", pgettext_lazy("posting", "planned")
    ACTIVE = "ACTIVE", pgettext_lazy("posting", "in post")
    ENDED = "ENDED", pgettext_lazy("posting", "ended")
    RECALLED = "RECALLED", pgettext_lazy("posting", "recalled")
    CANCELLED = "CANCELLED", pgettext_lazy("posting", "cancelled")


class Posting(LedgerRow):
    """One person's secondment, first and last day included. It counts from its dispatch on.

    ``planned_end`` is that of the last extension, ``first_planned_end`` that of the dispatch.
    The days that it holds the person run to ``end_on`` where it ended, to ``planned_end`` before;
    the database keeps two postings of one person from sharing a day, and two from being under way
    at once.
    """

    person = models.ForeignKey(
        "teams.Person", models.PROTECT, related_name="postings", verbose_name=_("person")
    )
    team = models.ForeignKey(
        "teams.Team",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
        verbose_name=_("team"),
    )
    pairing = models.ForeignKey(
        Pairing, models.PROTECT, related_name="postings", verbose_name=_("pairing")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="postings", verbose_name=_("region")
    )
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction, default=Direction.OUT
    )
    category = models.CharField(_("category"), max_length=10, choices=Category)
    term = models.CharField(_("term"), max_length=4, choices=Term)
    is_planned_quota = models.BooleanField(_("within the planned quota"), default=True)
    group_type = models.CharField(
        _("group type"), max_length=10, choices=GroupType, default=GroupType.NONE
    )
    host_unit = models.ForeignKey(
        Organisation, models.PROTECT, related_name="postings", verbose_name=_("host unit")
    )
    host_post = models.CharField(_("post"), max_length=80)
    start_on = models.DateField(_("starts on"))
    planned_end = models.DateField(pgettext_lazy("posting", "planned end"))
    first_planned_end = models.DateField(
        _("planned end at the dispatch"), null=True, blank=True, editable=False
    )
    succeeds = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name=_("takes over from"),
        help_text=_("whose post it is until then"),
    )
    end_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)
    end_reason = models.TextField(_("reason for the end"), blank=True, editable=False)
    ended_at = models.DateTimeField(_("end recorded at"), null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("end recorded by"),
    )
    letter_no = models.CharField(_("dispatch letter no."), max_length=80, blank=True)
    state = models.CharField(
        _("state"), max_length=9, choices=PostingState, default=PostingState.PLANNED, editable=False
    )

    objects = PostingQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        ordering = ["-start_on", "-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("dispatch_posting", _("Can dispatch a person")),
            ("end_posting", _("Can end a posting")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="posting_direction_is_known",
                condition=is_one_of("direction", Direction.values),
            ),
            CheckConstraint(
                name="posting_category_is_known", condition=is_one_of("category", Category.values)
            ),
            CheckConstraint(name="posting_term_is_known", condition=is_one_of("term", Term.values)),
            CheckConstraint(
                name="posting_group_type_is_known",
                condition=is_one_of("group_type", GroupType.values),
            ),
            CheckConstraint(
                name="posting_state_is_known", condition=is_one_of("state", PostingState.values)
            ),
            CheckConstraint(
                name="posting_plan_in_order",
                condition=Q(start_on__lte=F("planned_end")),
                violation_error_message=ENDS_BEFORE_IT_STARTS,
            ),
            CheckConstraint(
                name="posting_end_in_order",
                condition=Q(end_on=None) | Q(start_on__lte=F("end_on")),
                violation_error_message=_("The posting would end before it starts."),
            ),
            CheckConstraint(
                name="posting_counts_when_dispatched",
                condition=Q(
                    state__in=[PostingState.PLANNED, PostingState.CANCELLED],
                    counted_at=None,
                    end_on=None,
                )
                | Q(state=PostingState.ACTIVE, counted_at__isnull=False, end_on=None)
                & ~Q(letter_no="")
                | Q(
                    state__in=[PostingState.ENDED, PostingState.RECALLED],
                    counted_at__isnull=False,
                    end_on__isnull=False,
                )
                & ~Q(end_reason=""),
            ),
            CheckConstraint(
                name="posting_keeps_the_end_it_was_dispatched_with",
                condition=Q(counted_at=None, first_planned_end=None)
                | Q(counted_at__isnull=False, first_planned_end__isnull=False),
            ),
            UniqueConstraint(
                name="one_successor_of_a_posting",
                fields=["succeeds"],
                condition=~Q(state=PostingState.CANCELLED) & Q(voided_at=None),
                violation_error_message=_("Somebody else is to take over this post already."),
            ),
            CheckConstraint(
                name="posting_ended_at_and_by",
                condition=Q(end_on=None, ended_at=None, ended_by=None)
                | Q(end_on__isnull=False, ended_at__isnull=False, ended_by__isnull=False),
            ),
            UniqueConstraint(
                name="person_in_one_post_at_a_time",
                fields=["person"],
                condition=Q(state=PostingState.ACTIVE, voided_at=None),
                violation_error_message=_(
                    "This person is still in post elsewhere; end that posting first."
                ),
            ),
            ExclusionConstraint(
                name="person_in_one_post_per_day",
                expressions=[
                    (same("person"), RangeOperators.OVERLAPS),
                    (days("start_on", Coalesce("end_on", "planned_end")), RangeOperators.OVERLAPS),
                ],
                condition=~Q(state=PostingState.CANCELLED) & Q(voided_at=None),
                violation_error_message=_(
                    "This person already has a posting on some of these days."
                ),
            ),
        ]
        indexes = [models.Index(fields=["pairing", "start_on"], name="posting_pairing_start")]

    def __str__(self) -> str:
        return f"{self.person} · {self.host_post}"

    def clean(self) -> None:
        """Days out of order are told at their field, before the database makes a range of them."""
        if self.start_on and self.planned_end and self.planned_end < self.start_on:
            raise ValidationError({"planned_end": ENDS_BEFORE_IT_STARTS})

    @property
    def last_day(self) -> date:
        """In post: the day it ended, until then the planned one."""
        return self.end_on or self.planned_end


class PostingExtensionQuerySet(LedgerQuerySet["PostingExtension"]):
    seen_through = "posting__pairing"
    business_day = "decided_on"


class PostingExtension(LedgerRow):
    """A posting goes on until ``new_end``, last day included. It counts from its entry on; a wrong
    one is struck out, and the end before it holds again.

    Triggers keep ``Posting.planned_end`` the end of the last one that counts.
    """

    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="extensions", verbose_name=_("posting")
    )
    doc_no = models.CharField(_("document no."), max_length=80)
    decided_on = models.DateField(_("decided on"))
    new_end = models.DateField(_("new planned end"))
    reason = models.TextField(_("reason"))

    objects = PostingExtensionQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["posting_id", "-id"]
        default_permissions = ("add", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="extension_counts_from_its_entry_on",
                condition=Q(counted_at__isnull=False) & ~Q(doc_no="") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.posting.host_post} · {self.new_end}"
