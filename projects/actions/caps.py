"""How much may be paid for a project by a day: the facts of the ledger, read for its policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Region
from projects import policies
from projects.models import (
    Acceptance,
    AuditRecord,
    FundingAdjustment,
    Opening,
    Paper,
    Payment,
    PaymentPolicy,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    Stage,
    StageChange,
)
from projects.models.acceptance import BY_OTHERS, AcceptanceResult
from projects.models.audit import AuditKind
from projects.models.evidence import PaperKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis
from projects.policies import Facts, Step, Steps

ACCEPTED_ON = (Stage.ACCEPTED, Stage.HANDED_OVER, Stage.CLOSED)
COMPLETED_ON = (Stage.COMPLETED, *ACCEPTED_ON)
STARTED_ON = (Stage.ACTIVE, Stage.SUSPENDED, *COMPLETED_ON)
READY_ON = (Stage.READY, *STARTED_ON)
PROVES_READINESS = (PaperKind.CONTRACT, PaperKind.PLAN)


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy that applies to a county on a day; ``row`` is None for the default one."""

    name: str
    steps: Steps
    row: PaymentPolicy | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What may be paid by one day, in yuan, and what was. ``left_yuan`` may be negative, where a
    cap fell below what was paid before.
    """

    day: date
    policy: Policy
    facts: Facts
    cap_yuan: Decimal
    paid_yuan: Decimal  # of what the cap is for: the retention, or all but the retention
    paid_in_all_yuan: Decimal

    @property
    def left_yuan(self) -> Decimal:
        return self.cap_yuan - self.paid_yuan

    @property
    def next_step(self) -> Step | None:
        return policies.next_step(self.policy.steps, self.facts)


def policy_on(county: Region, day: date, *, known_at: datetime) -> Policy:
    """The policy of a county on ``day`` by what is known at ``known_at``; of two from the same day
    the one confirmed later, and the default where there is none.
    """
    found = PaymentPolicy.objects.as_at(day, known_at).filter(county=county)
    row = found.order_by("-starts_on", "-counted_at").first()
    if row is None:
        return Policy(_("default policy"), policies.DEFAULT)
    return Policy(row.name, policies.read_steps(row.steps), row)


def facts_on(project: Project, day: date, *, known_at: datetime) -> Facts:
    """What the cap of a project on ``day`` depends on, by what is known at ``known_at``. One query.

    Papers have no day of their own but that of their filing, so a paper proves readiness from the
    instant it is filed, also of days before.
    """
    return _facts(_found_on(project, day, known_at), day)


def _found_on(project: Project, day: date, known_at: datetime) -> dict[str, Any]:
    sql, given = _question()
    asked: dict[Any, Any] = {_PROJECT: project.pk, _DAY: day, _KNOWN_AT: known_at}
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked.get(value, value) for value in given])
        row = cursor.fetchone()
    if row is None:
        raise Project.DoesNotExist
    return dict(zip(_COLUMNS, row, strict=True))


def _facts(found: dict[str, Any], day: date) -> Facts:
    stage, nothing = found["stage_then"], Decimal(0)
    granted = (found["granted"] or nothing) + (found["adjusted"] or nothing)
    return Facts(
        day=day,
        granted_yuan=granted,
        total_investment_yuan=found["total_investment_yuan"],
        contract_yuan=found["contract_yuan"],
        settled_yuan=_settled(
            found["settled"] if stage in COMPLETED_ON else None,
            found["audited"],
            granted if found["settled_before"] else None,
        ),
        is_ready=stage in READY_ON,
        has_contract_or_plan=found["has_paper"] or bool(found["contract_no"]),
        is_started=stage in STARTED_ON,
        is_completed=stage in COMPLETED_ON,
        is_self_accepted=found["self_accepted"],
        is_audited=found["audited"] is not None,
        accepted_on=found["accepted_on"] if stage in ACCEPTED_ON else None,
        progress_pct=max(found["progress"] or nothing, found["progress_before"] or nothing),
    )


_COLUMNS = (
    "total_investment_yuan", "contract_yuan", "contract_no", "granted", "adjusted", "stage_then",
    "accepted_on", "settled", "self_accepted", "progress", "progress_before", "settled_before",
    "has_paper", "audited", "paid_before", "paid", "paid_of_retention", "refunded",
)  # fmt: skip
_PAID = ("paid_before", "paid", "paid_of_retention", "refunded")
# Stand in for what is asked while the question is put into SQL.
_PROJECT, _DAY, _KNOWN_AT = -1, date.min, datetime.min.replace(tzinfo=UTC)


@cache
def _question() -> tuple[str, tuple[Any, ...]]:
    """The query of ``facts_on`` as SQL, and its parameters. To put it into SQL takes longer than
    to answer it, and the text is the same for every project and day.
    """
    day, known_at = _DAY, _KNOWN_AT

    def of_project(rows: QuerySet[Any], project_is: str = "project") -> QuerySet[Any]:
        return rows.filter(**{project_is: OuterRef("pk")})

    def sum_of(rows: QuerySet[Any], column: str, project_is: str = "project") -> Subquery:
        grouped = of_project(rows, project_is).order_by().values(project_is)
        return Subquery(grouped.annotate(sum=Sum(column)).values("sum"))

    shares = ProjectFunding.objects.as_at(day, known_at).filter(source__in=PAID_THROUGH_THE_LEDGER)
    adjustments = FundingAdjustment.objects.as_at(day, known_at).filter(
        project_funding__in=shares.values("pk")
    )
    steps = of_project(StageChange.objects.as_at(day, known_at))
    passed = of_project(Acceptance.objects.as_at(day, known_at)).filter(
        result=AcceptanceResult.PASS
    )
    completions = StageChange.objects.as_at(day, known_at).filter(
        project=OuterRef("project"), to_stage=Stage.COMPLETED
    )
    completed_on = completions.order_by("-effective_on", "-pk").values("effective_on")[:1]
    settled = passed.filter(
        level__in=BY_OTHERS,
        final_aid_yuan__isnull=False,
        held_on__gte=Coalesce(Subquery(completed_on), F("held_on")),
    ).order_by("-held_on", "-pk")
    verified = of_project(ProgressReport.objects.as_at(day, known_at))
    papers = of_project(Paper.objects.counting()).filter(kind__in=PROVES_READINESS)
    audits = of_project(AuditRecord.objects.as_at(day, known_at)).filter(kind=AuditKind.SETTLEMENT)
    payments = Payment.objects.counting().filter(paid_on__lte=day)
    opening = of_project(Opening.objects.as_at(day, known_at))
    found = (
        Project.objects.filter(pk=_PROJECT)
        .order_by()
        .annotate(
            granted=sum_of(shares, "amount_yuan"),
            adjusted=sum_of(adjustments, "delta_yuan", "project_funding__project"),
            stage_then=Subquery(steps.order_by("-effective_on", "-pk").values("to_stage")[:1]),
            accepted_on=Subquery(
                steps.filter(to_stage__in=ACCEPTED_ON)
                .order_by("effective_on", "pk")
                .values("effective_on")[:1]
            ),
            settled=Subquery(settled.values("final_aid_yuan")[:1]),
            self_accepted=Exists(passed),
            progress=Subquery(verified.order_by("-measured_on", "-pk").values("physical_pct")[:1]),
            progress_before=Subquery(opening.values("physical_pct")[:1]),
            settled_before=Exists(opening.filter(stage__in=ACCEPTED_ON)),
            has_paper=Exists(papers),
            audited=Subquery(audits.order_by("-issued_on", "-pk").values("audited_yuan")[:1]),
            # what was paid, as the ledger has it now: what is known since takes room too
            paid_before=sum_of(ProjectFunding.objects.counting(), "opening_paid_yuan"),
            paid=sum_of(payments, "amount_yuan", "project_funding__project"),
            paid_of_retention=sum_of(
                payments.filter(basis=PaymentBasis.RETENTION),
                "amount_yuan",
                "project_funding__project",
            ),
            refunded=sum_of(
                Refund.objects.counting().filter(refunded_on__lte=day),
                "amount_yuan",
                "project_funding__project",
            ),
        )
        .values_list(*_COLUMNS)
    )
    sql, given = found.query.sql_with_params()
    return sql, given


def _settled(
    settled: Decimal | None, audited: Decimal | None, before: Decimal | None
) -> Decimal | None:
    """What the acceptance settled, or less where the auditors confirmed less; of a project that was
    taken over after its acceptance what it was granted ``before``.
    """
    final = before if settled is None else settled
    return final if final is None or audited is None else min(final, audited)


def room_on(project: Project, day: date, *, known_at: datetime, basis: str = "") -> Room:
    """What may be paid for a project by ``day``, and what was by verified payments, less verified
    refunds; for the basis RETENTION out of what is held back, for every other one out of the rest.
    """
    policy = policy_on(project.county, day, known_at=known_at)
    found = _found_on(project, day, known_at)
    facts = _facts(found, day)
    before, paid, of_retention, refunded = (found[name] or Decimal(0) for name in _PAID)
    in_all = before + paid - refunded
    if basis == PaymentBasis.RETENTION:
        due = policies.holds(policy.steps[-1], facts)
        cap = policies.retention_yuan(policy.steps, facts) if due else Decimal(0)
        return Room(day, policy, facts, cap, of_retention, in_all)
    cap = policies.cap_yuan(policy.steps, facts)
    return Room(day, policy, facts, cap, in_all - of_retention, in_all)


def retention_yuan(project: Project, day: date, *, known_at: datetime) -> Decimal:
    """Yuan that the policy of ``day`` holds back until after the acceptance."""
    policy = policy_on(project.county, day, known_at=known_at)
    return policies.retention_yuan(policy.steps, facts_on(project, day, known_at=known_at))


def require_within_cap(
    project: Project, amount_yuan: Decimal, *, basis: str, paid_on: date, now: datetime
) -> None:
    """Refuse a payment after which more would have been paid than the policy allows, on its own day
    or on the day of a later payment. The caller holds the project's lock.
    """
    later = Payment.objects.counting().filter(project_funding__project=project, paid_on__gt=paid_on)
    days = later.order_by("paid_on").values_list("paid_on", flat=True).distinct()
    for day in (paid_on, *days):
        room = room_on(project, day, known_at=now, basis=basis)
        if basis == PaymentBasis.RETENTION:
            _require_retention_is_due(room)
        if amount_yuan > room.left_yuan:
            raise _above_cap(room, amount_yuan)
        _require_whole(room, amount_yuan)


def _require_whole(room: Room, amount_yuan: Decimal) -> None:
    """All payments together, the retention among them, stay within the highest step."""
    whole = policies.cap_yuan(room.policy.steps, room.facts, with_retention=True)
    if room.paid_in_all_yuan + amount_yuan > whole:
        raise _above_cap(
            replace(room, cap_yuan=whole, paid_yuan=room.paid_in_all_yuan), amount_yuan
        )


def _require_retention_is_due(room: Room) -> None:
    last = room.policy.steps[-1]
    if last.when != policies.When.RETENTION:
        raise Refused(
            "no_retention",
            _("The payment policy “%(policy)s” holds nothing back; choose another basis.")
            % {"policy": room.policy.name},
        )
    due_on = policies.retention_due_on(last, room.facts)
    if due_on is None:
        raise Refused(
            "retention_not_due",
            _(
                "The retention is paid %(months)s months after the acceptance;"
                " the project is not accepted yet."
            )
            % {"months": last.months},
        )
    if room.day < due_on:
        raise Refused(
            "retention_not_due",
            _("The retention may be paid from %(day)s on.") % {"day": date_format(due_on)},
        )


def _above_cap(room: Room, amount_yuan: Decimal) -> Refused:
    step = room.next_step
    said = _(
        "The payment policy “%(policy)s” allows %(cap)s yuan to be paid by %(day)s; %(paid)s yuan"
        " are paid, so %(left)s yuan are left and %(wanted)s is more."
    ) % {
        "policy": room.policy.name,
        "cap": f"{room.cap_yuan:,.2f}",
        "day": date_format(room.day),
        "paid": f"{room.paid_yuan:,.2f}",
        "left": f"{max(room.left_yuan, Decimal(0)):,.2f}",
        "wanted": f"{amount_yuan:,.2f}",
    }
    more = (
        _("The next step is: %(step)s.") % {"step": step}
        if step
        else _("There is no further step: this is all that may be paid.")
    )
    return Refused("above_cap", f"{said} {more}")
