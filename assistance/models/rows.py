"""What every row of the ledger has in common: who entered it, when it began to count, and who may
see it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField
from django.core.exceptions import FieldError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import BaseConstraint, CheckConstraint, DateField, F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from assistance.errors import Refused, Stale
from assistance.scope import Scope

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from assistance.models.users import User

M = TypeVar("M", bound=models.Model)
R = TypeVar("R", bound="Recorded")
L = TypeVar("L", bound="LedgerRow")


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a pairing; ``seen_through`` is the path from the row to it."""

    seen_through: ClassVar[str]

    def within(self, scope: Scope) -> Self:
        """Only the rows inside ``scope``."""
        return self.filter(scope.q(self.seen_through))

    def visible_to(self, user: User) -> Self:
        """Only the rows that ``user`` may see; a row that is not here answers exactly as a missing
        one.
        """
        return self.within(user.scope)


class RecordedQuerySet(ScopedQuerySet[R]):
    def lock_for(self, by: User, pk: int, *reading: str, version: int | None = None) -> R:
        """Lock one row that ``by`` may see until the transaction ends; ``reading`` names relations
        to read along, unlocked.

        DoesNotExist where it is out of sight; Stale where ``version`` is given and no longer the
        row's.
        """
        rows = self.visible_to(by).select_for_update(of=("self",))
        row = (rows.select_related(*reading) if reading else rows).get(pk=pk)
        if version is not None and row.version != version:
            raise Stale(row.version)
        return row


class Recorded(models.Model):
    """Who entered the row and who changed it last. ``version`` counts changes: it is the row's
    ETag.
    """

    created_at = models.DateTimeField(_("entered at"), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("entered by"),
    )
    updated_at = models.DateTimeField(_("changed at"), editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("changed by"),
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    _left_to_validate: list[BaseConstraint] | None = None

    class Meta:
        abstract = True

    def record(self, *fields: str, by: User, now: datetime) -> None:
        """Save the named fields as a change by ``by``; the caller holds the row's lock."""
        self.updated_at, self.updated_by = now, by
        self.version += 1
        self.save(update_fields=[*fields, "updated_at", "updated_by", "version"])

    def get_constraints(self) -> Any:
        """The constraints that are left to be validated: see ``validate_constraints``."""
        left = self._left_to_validate
        return super().get_constraints() if left is None else [(type(self), left)]

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """As Django does it, but all checks of the row in one query. Only where one of them fails,
        or needs a field that is excluded, each is asked by itself; a posting has fourteen.
        """
        checks = [each for each in self._meta.constraints if isinstance(each, CheckConstraint)]
        if self._hold(checks, exclude):
            self._left_to_validate = [e for e in self._meta.constraints if e not in checks]
        try:
            super().validate_constraints(exclude)
        finally:
            self._left_to_validate = None

    def _hold(self, checks: Iterable[CheckConstraint], exclude: Collection[str] | None) -> bool:
        said = self._get_field_expression_map(meta=self._meta, exclude=exclude)  # type: ignore[attr-defined]  # as CheckConstraint.validate calls it
        try:
            return Q(*(check.condition for check in checks)).check(said)
        except FieldError:
            return False

    def own_work(self, by: User, *, than: Iterable[str]) -> Refused | None:
        """Why ``by`` may not decide on the row: they are one of the people in the fields ``than``.
        Nobody checks their own work, not even superusers.
        """
        if by.pk not in {getattr(self, f"{field}_id") for field in than}:
            return None
        return Refused(
            "own_work",
            _("You entered or checked this yourself; somebody else has to do this step."),
        )

    def require_other_hands(self, by: User, *, than: Iterable[str]) -> None:
        """Raise what ``own_work`` finds."""
        refusal = self.own_work(by, than=than)
        if refusal is not None:
            raise refusal


def entered(by: User, now: datetime) -> dict[str, Any]:
    """The columns of a row that ``by`` enters now."""
    return {"created_by": by, "created_at": now, "updated_by": by, "updated_at": now}


class LedgerQuerySet(RecordedQuerySet[L]):
    """Rows that figures count; ``business_day`` names the day on which they happened."""

    business_day: ClassVar[str]

    def as_at(self, day: date, known_at: datetime) -> Self:
        """The rows that count on ``day`` by what was known at the instant ``known_at``, both
        inclusive.

        One rule for every figure: the row's day has come, it had begun to count, and it was not
        voided yet.
        """
        return self.filter(
            Q(voided_at=None) | Q(voided_at__gt=known_at),
            **{f"{self.business_day}__lte": day, "counted_at__lte": known_at},
        )

    def counting(self) -> Self:
        """The rows that count by what is known now, whatever their day."""
        return self.filter(counted_at__isnull=False, voided_at=None)

    def standing(self) -> Self:
        """The rows that were not voided, counted or not."""
        return self.filter(voided_at=None)


class LedgerRow(Recorded):
    """A row that figures may count: from ``counted_at`` on it counts, until it is voided and
    entered anew.
    """

    counted_at = models.DateTimeField(_("counts since"), null=True, blank=True, editable=False)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("confirmed by"),
    )
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("voided by"),
    )
    void_reason = models.TextField(_("reason for voiding"), blank=True, editable=False)

    class Meta(Recorded.Meta):
        abstract = True
        constraints = [
            CheckConstraint(
                name="%(class)s_counted_at_and_by",
                condition=Q(counted_at=None, counted_by=None)
                | Q(counted_at__isnull=False, counted_by__isnull=False),
            ),
            CheckConstraint(
                name="%(class)s_voided_at_by_and_why",
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""),
            ),
        ]

    @property
    def counts(self) -> bool:
        """Whether the row counts by what is known now, whatever its day."""
        return self.counted_at is not None and self.voided_at is None

    def is_settled(self) -> Refused | None:
        """Why nothing is decided on the row any more: it counts or was struck out."""
        if self.counted_at is None and self.voided_at is None:
            return None
        return Refused("row_is_settled", _("This was confirmed or struck out already."))

    def why_not_confirm(self, by: User) -> Refused | None:
        """What keeps ``by`` from letting the row count: it is settled, or they entered it."""
        return self.is_settled() or self.own_work(by, than=("created_by",))

    def why_not_strike_out(self) -> Refused | None:
        """What keeps anybody from striking the row out: it was done already."""
        return None if self.voided_at is None else self.is_settled()

    def require_confirmable(self, by: User) -> None:
        """Raise what ``why_not_confirm`` finds."""
        refusal = self.why_not_confirm(by)
        if refusal is not None:
            raise refusal

    def count(self, *fields: str, by: User, now: datetime) -> None:
        """Let the row count from ``now`` on, and save the named fields with it."""
        self.counted_at, self.counted_by = now, by
        self.record(*fields, "counted_at", "counted_by", by=by, now=now)

    def void(self, *fields: str, by: User, now: datetime, reason: str) -> None:
        """Strike the row out; it stays on record and still counts for what was known before
        ``now``.
        """
        self.voided_at, self.voided_by, self.void_reason = now, by, reason
        self.record(*fields, "voided_at", "voided_by", "void_reason", by=by, now=now)


def counted_by_other_hands() -> CheckConstraint:
    """Whoever entered the row is not the one who lets it count: also by raw SQL, also for
    superusers.
    """
    return CheckConstraint(
        name="%(class)s_counted_by_other_hands",
        condition=Q(counted_by=None) | ~Q(counted_by=F("created_by")),
        violation_error_message=_("You entered this yourself; somebody else has to confirm it."),
    )


def yuan(label: _StrPromise, **options: Any) -> models.DecimalField[Any, Any]:
    """A column of money: yuan with two decimals, never negative."""
    return models.DecimalField(
        label,
        max_digits=18,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        **options,
    )


def kept_yuan(label: _StrPromise) -> models.DecimalField[Any, Any]:
    """A running total in yuan that triggers keep in the transaction of the rows it sums."""
    return models.DecimalField(
        label,
        max_digits=18,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        editable=False,
    )


def is_one_of(field: str, values: Iterable[str]) -> Q:
    """``choices`` do not bind the database; this condition does."""
    return Q(**{f"{field}__in": list(values)})


def same(field: str) -> Func:
    """An operand of an exclusion constraint: equality of an integer column, without any database
    extension.
    """
    return Func(
        F(field), F(field), Value("[]"), function="int8range", output_field=BigIntegerRangeField()
    )


def days(first: str | Func, last: str | Func) -> Func:
    """An operand of an exclusion constraint: the days from ``first`` to ``last``, both included;
    NULL is unbounded.
    """
    return Func(
        Cast(first, DateField()),
        Cast(last, DateField()),
        Value("[]"),
        function="daterange",
        output_field=DateRangeField(),
    )
