"""M1 and M2: many clerks, reviewers and finance officers at one set of fund plans.

Whatever they do at the same moment, no rule of the ledger is broken, every read adds up, and nobody
hears of a deadlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from assistance.contention import TRIES, again_if_met
from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.roles import Role
from projects import actions
from projects.models import (
    Payment,
    Project,
    ProjectFunding,
    Refund,
    Stage,
    Transfer,
    TransferReturn,
)
from tests import factories as make
from tests.at_once import at_once
from tests.invariants import ARRIVED, NET_OF_SHARES, broken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.goal("M1")]

CLIENTS, OPERATIONS = 32, 5_000
SHORT = (6, 25)
PLANS, SHARES_OF_A_PLAN, RIVALS_OF_A_PLAN = 4, 4, 6
ANSWERS = (Refused, Stale, ValidationError, IntegrityError)
NOW = make.NOW
TODAY = NOW.date()


class Ledger:
    """What all clients know of: the rows that there are, by kind."""

    def __init__(self) -> None:
        self.plans = [make.fund_plan(amount_yuan=6_000_000) for _ in range(PLANS)]
        self.running = [
            make.project_at(Stage.ACTIVE, plan=plan)
            for plan in self.plans
            for _ in range(SHARES_OF_A_PLAN)
        ]
        # more than the plans can hold: of these some are refused
        self.rivals = [
            (make.project_at(Stage.LIBRARY), plan)
            for plan in self.plans
            for _ in range(RIVALS_OF_A_PLAN)
        ]
        for project in self.running:
            make.progress(project)
        self.shares = list(ProjectFunding.objects.counting().values_list("pk", flat=True))
        self.payments: list[int] = []
        self.refunds: list[int] = []
        self.transfers: list[int] = []
        self.returns: list[int] = []
        self.treasury = make.treasury()
        self.payee = make.organisation()
        self.hands = {
            role: make.hand(role).pk
            for role in (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.FINANCE)
        }


class Client:
    """One of the people; draws what to do next from lots of its own."""

    def __init__(self, ledger: Ledger, number: int, operations: int) -> None:
        self.ledger, self.number, self.operations = ledger, number, operations
        self.lots = Random(number)
        self.done: Counter[str] = Counter()

    def work(self) -> Counter[str]:
        """Do everything; what went through and what was refused, by kind, and every fault."""
        users = {role: User.objects.get(pk=pk) for role, pk in self.ledger.hands.items()}
        self.clerk, self.reviewer, self.approver, self.finance = users.values()
        verbs: list[tuple[int, Callable[[], Any]]] = [
            (30, self.pay), (24, self.verify), (4, self.reject), (8, self.void_payment),
            (6, self.refund), (5, self.verify_refund), (2, self.void_refund), (8, self.send),
            (6, self.confirm), (2, self.void_transfer), (2, self.give_back), (2, self.take_back),
            (2, self.approve),
        ]  # fmt: skip
        weights = [weight for weight, _verb in verbs]
        for _ in range(self.operations):
            verb = self.lots.choices(verbs, weights)[0][1]
            try:
                again_if_met(partial(self.take, verb))
            except ANSWERS as answer:
                code = answer.code if isinstance(answer, Refused) else type(answer).__name__
                self.done[f"{verb.__name__}: {code}"] += 1
            except Exception as fault:
                self.done[f"FAULT {verb.__name__}: {fault!r}"] += 1
            else:
                self.done[verb.__name__] += 1
        return self.done

    def take(self, verb: Callable[[], Any], tries_left: int) -> None:
        """As every door takes it: once more where it met somebody; the client hears of it only when
        no try went through.
        """
        if tries_left < TRIES - 1:
            self.done["(met somebody, done again)"] += 1
        verb()

    def yuan(self, most: int) -> Decimal:
        return Decimal(self.lots.randint(1, most * 100)) / 100

    def one_of(self, rows: list[int]) -> int:
        if not rows:
            raise Refused("nothing_there", "")
        return self.lots.choice(rows)

    def voucher(self) -> str:
        return f"{self.number}-{self.lots.getrandbits(60)}"

    def pay(self) -> None:
        funding = ProjectFunding(pk=self.one_of(self.ledger.shares))
        paid = actions.pay(
            funding, basis="START", amount_yuan=self.yuan(120_000), paid_on=TODAY,
            treasury=self.ledger.treasury, payee=self.ledger.payee, voucher_no=self.voucher(),
            by=self.clerk, now=NOW,
        )  # fmt: skip
        self.ledger.payments.append(paid.pk)

    def verify(self) -> None:
        payment = Payment(pk=self.one_of(self.ledger.payments))
        actions.verify_payment(payment, by=self.reviewer, now=NOW)

    def reject(self) -> None:
        payment = Payment(pk=self.one_of(self.ledger.payments))
        actions.reject_payment(payment, reason="演示", by=self.reviewer, now=NOW)

    def void_payment(self) -> None:
        payment = Payment(pk=self.one_of(self.ledger.payments))
        actions.void_payment(payment, reason="演示", by=self.reviewer, now=NOW)

    def refund(self) -> None:
        paid_back = actions.refund(
            ProjectFunding(pk=self.one_of(self.ledger.shares)), amount_yuan=self.yuan(90_000),
            refunded_on=TODAY, cause="AUDIT", treasury=self.ledger.treasury,
            voucher_no=self.voucher(), by=self.clerk, now=NOW,
        )  # fmt: skip
        self.ledger.refunds.append(paid_back.pk)

    def verify_refund(self) -> None:
        refund = Refund(pk=self.one_of(self.ledger.refunds))
        actions.verify_refund(refund, by=self.finance, now=NOW)

    def void_refund(self) -> None:
        refund = Refund(pk=self.one_of(self.ledger.refunds))
        actions.void_refund(refund, reason="演示", by=self.finance, now=NOW)

    def send(self) -> None:
        sent = actions.record_transfer(
            fund_plan=self.lots.choice(self.ledger.plans), amount_yuan=self.yuan(1_500_000),
            sent_on=TODAY - timedelta(days=1), arrived_on=TODAY, treasury=self.ledger.treasury,
            voucher_no=self.voucher(), by=self.clerk, now=NOW,
        )  # fmt: skip
        self.ledger.transfers.append(sent.pk)

    def confirm(self) -> None:
        transfer = Transfer(pk=self.one_of(self.ledger.transfers))
        actions.confirm_transfer(transfer, by=self.finance, now=NOW)

    def void_transfer(self) -> None:
        transfer = Transfer(pk=self.one_of(self.ledger.transfers))
        actions.void_transfer(transfer, reason="演示", by=self.finance, now=NOW)

    def give_back(self) -> None:
        back = actions.return_transfer(
            Transfer(pk=self.one_of(self.ledger.transfers)), amount_yuan=self.yuan(300_000),
            returned_on=TODAY, voucher_no=self.voucher(), reason="演示", by=self.clerk, now=NOW,
        )  # fmt: skip
        self.ledger.returns.append(back.pk)

    def take_back(self) -> None:
        back = TransferReturn(pk=self.one_of(self.ledger.returns))
        settle = self.lots.choice((self._confirm_return, self._void_return))
        settle(back)

    def _confirm_return(self, back: TransferReturn) -> None:
        actions.confirm_return(back, by=self.finance, now=NOW)

    def _void_return(self, back: TransferReturn) -> None:
        actions.void_return(back, reason="演示", by=self.finance, now=NOW)

    def approve(self) -> None:
        project, plan = self.lots.choice(self.ledger.rivals)
        share = project.funding.standing().first()
        if share is None:
            actions.allot(
                project, source=plan.source, amount_yuan=project.aid_yuan, fund_plan=plan,
                by=self.clerk, now=NOW,
            )  # fmt: skip
        elif self.lots.random() < 0.2:
            actions.drop_allotment(share, reason="演示", by=self.clerk, now=NOW)
        else:
            actions.approve(project, doc_no="演示批", on=TODAY, by=self.approver, now=NOW)


ADDS_UP = f"""
    SELECT count(*) FROM ({ARRIVED}) l
    LEFT JOIN (SELECT fund_plan_id, sum(held) AS held, sum(paid) AS paid, bool_or(paid < 0
               OR paid > held) AS wrong FROM ({NET_OF_SHARES}) s GROUP BY fund_plan_id) s
        ON s.fund_plan_id = l.id
    WHERE coalesce(s.held, 0) > l.planned OR l.arrived > l.planned OR s.wrong
        OR l.total_committed_yuan <> coalesce(s.held, 0) OR l.total_arrived_yuan <> l.arrived
"""


class Reader(Thread):
    """Reads the whole ledger again and again, each time in one snapshot."""

    def __init__(self) -> None:
        super().__init__()
        self.over = Event()
        self.reads, self.wrong = 0, 0

    def run(self) -> None:
        with connection.cursor() as cursor:
            while not self.over.is_set():
                cursor.execute(ADDS_UP)
                self.wrong += bool(cursor.fetchone()[0])
                self.reads += 1
                self.over.wait(0.01)
        connection.close()


def test_no_rule_breaks_under_many_hands(request: pytest.FixtureRequest) -> None:
    full = request.config.getoption("faults_full", default=False)
    clients, operations = (CLIENTS, OPERATIONS) if full else SHORT
    ledger, reader = Ledger(), Reader()
    reader.start()
    try:
        results = at_once([Client(ledger, number, operations).work for number in range(clients)])
    finally:
        reader.over.set()
        reader.join()
    faults = [result for result in results if isinstance(result, Exception)]
    assert not faults, faults
    done: Counter[str] = sum(results, Counter())
    told = "\n".join(f"{count:7} {what}" for what, count in done.most_common())
    print(f"{clients} clients, {done.total()} operations, {reader.reads} reads\n{told}")  # noqa: T201
    assert not {what for what in done if what.startswith("FAULT")}, told
    assert done.total() - done["(met somebody, done again)"] == clients * operations
    assert reader.reads > 0
    assert reader.wrong == 0
    assert broken() == {}
    for verb in ("pay", "verify", "send", "confirm", "approve"):
        assert done[verb], f"nothing was done by “{verb}”: the load is no load"
    if full:  # in the short form chance may leave every approval to the allotment before it
        assert Project.objects.filter(stage=Stage.APPROVED).exists()
