"""M3: whatever anybody tries in whatever order, through API, desk, verbs or raw SQL, a project
takes no step that is not on the road and no rule of the ledger breaks.

The machine knows the road by a table of its own and judges by plain SQL (``tests/invariants.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.roles import Role
from projects import actions
from projects.models import (
    ChangeRequest,
    Payment,
    Project,
    ProjectFunding,
    Refund,
    Stage,
)
from tests import factories as make
from tests.api.conftest import Partner
from tests.desk.conftest import Seat
from tests.invariants import broken

pytestmark = [pytest.mark.django_db, pytest.mark.goal("M3")]

RUNS, STEPS = 500, 50
SHORT = (2, 12)
NOW = make.NOW
TODAY = NOW.date()
ANSWERS = (Refused, Stale, ValidationError, PermissionDenied, ObjectDoesNotExist)
OFFICES = (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.FINANCE, Role.P_EDIT)
ENTERS = {"CLERK", "P_EDIT"}
CITY = {"REVIEWER"}  # no pairing of these tests has a front team, so the reviewer checks on site


class Way(NamedTuple):
    """Who may take a verb from where, and the stage or the proposal that it leads to."""

    of: set[str]
    roles: set[str]
    to: str = ""
    proposes: str = ""


WAYS: dict[str, Way] = {
    "submit": Way({"DRAFT"}, ENTERS, "SUBMITTED"),
    "take_back": Way({"SUBMITTED"}, ENTERS, "DRAFT"),
    "withdraw": Way({"DRAFT", "SUBMITTED", "LIBRARY"}, ENTERS, "WITHDRAWN"),
    "return": Way({"SUBMITTED", "LIBRARY"}, CITY, "DRAFT"),
    "admit": Way({"SUBMITTED"}, CITY, "LIBRARY"),
    "reject": Way({"SUBMITTED", "LIBRARY"}, {"APPROVER"}, "REJECTED"),
    "approve": Way({"LIBRARY"}, {"APPROVER"}, "APPROVED"),
    "advance": Way({"APPROVED", "TENDERING"}, ENTERS, "TENDERING or READY"),
    "start": Way({"READY"}, ENTERS, proposes="ACTIVE"),
    "confirm_start": Way({"READY"}, CITY, "ACTIVE"),
    "complete": Way({"ACTIVE"}, ENTERS, proposes="COMPLETED"),
    "confirm_completion": Way({"ACTIVE"}, CITY, "COMPLETED"),
    "suspend": Way({"ACTIVE"}, CITY, "SUSPENDED"),
    "resume": Way({"SUSPENDED"}, CITY, "ACTIVE"),
    "rework": Way({"COMPLETED"}, CITY, "ACTIVE"),
    "accept": Way({"COMPLETED"}, CITY, "ACCEPTED"),
    "hand_over": Way({"ACCEPTED"}, ENTERS, proposes="HANDED_OVER"),
    "confirm_handover": Way({"ACCEPTED"}, CITY, "HANDED_OVER"),
    "close": Way({"ACCEPTED", "HANDED_OVER"}, {"APPROVER"}, "CLOSED"),
}
WITH_A_DAY = {
    "approve",
    "advance",
    "start",
    "complete",
    "suspend",
    "resume",
    "rework",
    "accept",
    "hand_over",
    "close",
}
WITH_A_REASON = {"withdraw", "return", "reject", "suspend", "rework"}
VERBS: dict[str, Callable[..., Any]] = {
    name: getattr(actions, {"return": "return_to_draft"}.get(name, name)) for name in WAYS
}
POOL = tuple(Stage)

# What nobody may write past the verbs: each is refused by a constraint or a trigger.
BY_SQL: dict[str, str] = {
    "stage without a step": "UPDATE projects_project SET stage = 'CLOSED' WHERE id = {project}"
    " AND stage <> 'CLOSED'",
    "a leap": "INSERT INTO projects_stagechange (project_id, from_stage, to_stage, effective_on,"
    " reason, doc_no, created_at, created_by_id, updated_at, updated_by_id, version, counted_at,"
    " counted_by_id, void_reason) SELECT id, stage, 'CLOSED', current_date, '', '', now(),"
    " created_by_id, now(), created_by_id, 1, now(), created_by_id, '' FROM projects_project"
    " WHERE id = {project} AND stage NOT IN ('ACCEPTED', 'HANDED_OVER')",
    "a share beyond its plan": "UPDATE projects_fundplan SET amount_yuan = 1 WHERE id IN"
    " (SELECT fund_plan_id FROM projects_projectfunding WHERE project_id = {project})",
    "a counted payment altered": "UPDATE projects_payment SET amount_yuan = amount_yuan + 1"
    " WHERE counted_at IS NOT NULL AND voided_at IS NULL AND project_funding_id IN"
    " (SELECT id FROM projects_projectfunding WHERE project_id = {project})",
    "a payment deleted": "DELETE FROM projects_payment WHERE project_funding_id IN"
    " (SELECT id FROM projects_projectfunding WHERE project_id = {project})",
    "a step deleted": "DELETE FROM projects_stagechange WHERE project_id = {project}",
    "a step backdated": "UPDATE projects_stagechange SET effective_on = effective_on - 400"
    " WHERE project_id = {project}",
    "the site moved": "UPDATE projects_project SET place = place || '…' WHERE id = {project}"
    " AND stage NOT IN ('DRAFT', 'SUBMITTED', 'LIBRARY', 'REJECTED', 'WITHDRAWN')",
    "a verified payment of one hand": "UPDATE projects_payment SET status = 'verified',"
    " counted_at = now(), counted_by_id = created_by_id WHERE counted_at IS NULL"
    " AND status = 'submitted' AND project_funding_id IN"
    " (SELECT id FROM projects_projectfunding WHERE project_id = {project})",
    "more lifted than benefit": "UPDATE projects_project SET lifted_persons ="
    " beneficiary_persons + 1 WHERE id = {project}",
    "the log altered": "UPDATE assistance_change SET actor = 1",
}


class World:
    """What all runs begin with: a project at every stage, and people at every door."""

    def __init__(self) -> None:
        self.pool = {stage: make.project_at(stage).pk for stage in POOL}
        self.hands: dict[Role, User] = {
            role: make.user_with(role) if role == Role.P_EDIT else make.hand(role)
            for role in OFFICES
        }
        self.partners: dict[Role, Partner] = {}
        self.accounts: dict[Role, User] = {}
        for role in OFFICES:
            account = make.service_account(role)
            _row, text = make.token(account)
            self.partners[role], self.accounts[role] = Partner(text), account
        self.seats = {role: Seat(user) for role, user in self.hands.items()}
        self.treasury, self.payee = make.treasury(), make.organisation()


world: World


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


def at_commit() -> None:
    """Ask now what the database would ask when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class AnyOrder(RuleBasedStateMachine):
    """One project and everybody who may or may not do something with it."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.number = 0

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @initialize(stage=st.sampled_from(POOL))
    def begin(self, stage: Stage) -> None:
        self.pk = world.pool[stage]

    @property
    def project(self) -> Project:
        return Project.objects.get(pk=self.pk)

    @rule(
        verb=st.sampled_from(sorted(WAYS)),
        role=st.sampled_from(OFFICES),
        door=st.sampled_from(("verb", "api", "desk")),
        days=st.integers(-6, 1),
    )
    def step(self, verb: str, role: Role, door: str, days: int) -> None:
        """Somebody tries a step of the road."""
        before = self.project
        asked: dict[str, Any] = {}
        if verb in WITH_A_DAY:
            asked["on"] = TODAY + timedelta(days=days)
        if verb in WITH_A_REASON:
            asked["reason"] = "演示"
        if verb == "approve":
            asked["doc_no"] = "演示批"
        if verb == "advance" and before.stage == Stage.TENDERING:
            asked |= {"contract_no": "演示合同", "contract_yuan": Decimal(900_000)}
        by = self._try(verb, role, door, before, asked)
        after = self.project
        moved = after.stage != before.stage
        proposed = after.proposed_stage and after.proposed_stage != before.proposed_stage
        if not (moved or proposed):
            return
        way = WAYS[verb]
        said = f"{verb} by {role} through {door}: {before.stage} -> {after.stage}"
        assert before.stage in way.of, said
        assert role.value in way.roles, said
        if moved:
            assert after.stage in way.to.split(" or "), said
        else:
            assert after.proposed_stage == way.proposes, said
        if verb in {"admit", "approve"}:
            assert by.pk not in {before.created_by_id, before.submitted_by_id}, said
        if verb == "approve":
            assert by.pk != before.reviewed_by_id, said
        if verb.startswith("confirm"):
            assert before.proposed_stage == after.stage, said
            assert by.pk != before.proposed_by_id, said

    def _try(
        self, verb: str, role: Role, door: str, project: Project, asked: dict[str, Any]
    ) -> User:
        written = {name: str(value) for name, value in asked.items()}
        if door == "api":
            address = f"projects/{project.code}/{verb.replace('_', '-')}/"
            answer = world.partners[role].post(address, written, version=project.version)
            assert answer.status_code < 500, answer.content
            return world.accounts[role]
        if door == "desk":
            from tests.desk.conftest import address_of  # noqa: PLC0415

            answer = world.seats[role].client.post(
                address_of(project, verb), written | {"seen_version": project.version}
            )
            assert answer.status_code < 500, answer.content
            return world.hands[role]
        by = User.objects.get(pk=world.hands[role].pk)
        with suppress(*ANSWERS):
            VERBS[verb](project, by=by, now=NOW, **asked)
        return by

    @rule()
    def prepare(self) -> None:
        """Somebody puts on record what the next step asks for."""
        towards = {
            Stage.SUBMITTED: Stage.LIBRARY,
            Stage.LIBRARY: Stage.APPROVED,
            Stage.APPROVED: Stage.READY,
            Stage.TENDERING: Stage.READY,
            Stage.READY: Stage.ACTIVE,
            Stage.ACTIVE: Stage.COMPLETED,
            Stage.COMPLETED: Stage.ACCEPTED,
            Stage.ACCEPTED: Stage.HANDED_OVER,
            Stage.HANDED_OVER: Stage.CLOSED,
        }
        project = self.project
        goal = towards.get(Stage(project.stage))
        if goal is not None:
            with suppress(*ANSWERS), transaction.atomic():
                if goal == Stage.APPROVED and not project.funding.standing().exists():
                    make.share(project)
                make.ready_for(goal, project)

    @rule(
        amount=st.decimals("0.01", "600000", places=2),
        basis=st.sampled_from(("START", "PROGRESS", "ACCEPTANCE", "RETENTION")),
        days=st.integers(-40, 1),
    )
    def pay(self, amount: Decimal, basis: str, days: int) -> None:
        """The clerk enters a payment, the reviewer verifies it."""
        share = ProjectFunding.objects.filter(project=self.pk).first()
        if share is None:
            return
        self.number += 1
        with suppress(*ANSWERS):
            actions.pay(
                share,
                basis=basis,
                amount_yuan=amount,
                paid_on=TODAY + timedelta(days=days),
                treasury=world.treasury,
                payee=world.payee,
                voucher_no=f"M3-{self.number}",
                by=world.hands[Role.CLERK],
                now=NOW,
            )

    @rule(
        verb=st.sampled_from(("verify_payment", "reject_payment", "void_payment")),
        role=st.sampled_from(OFFICES),
        newest=st.booleans(),
    )
    def settle(self, verb: str, role: Role, newest: bool) -> None:
        """Somebody verifies, rejects or strikes out a payment."""
        rows = Payment.objects.filter(project_funding__project=self.pk)
        payment = rows.order_by("-pk" if newest else "pk").first()
        if payment is None:
            return
        was = payment.status
        asked = {} if verb == "verify_payment" else {"reason": "演示"}
        with suppress(*ANSWERS):
            getattr(actions, verb)(payment, by=world.hands[role], now=NOW, **asked)
        if Payment.objects.get(pk=payment.pk).status != was:
            assert role == Role.REVIEWER, f"{verb} by {role}"

    @rule(amount=st.decimals("0.01", "300000", places=2), verify=st.booleans())
    def pay_back(self, amount: Decimal, verify: bool) -> None:
        """The unit pays back, finance verifies."""
        share = ProjectFunding.objects.filter(project=self.pk).first()
        if share is None:
            return
        self.number += 1
        with suppress(*ANSWERS):
            actions.refund(
                share,
                amount_yuan=amount,
                refunded_on=TODAY,
                cause="AUDIT",
                treasury=world.treasury,
                voucher_no=f"M3-{self.number}",
                by=world.hands[Role.CLERK],
                now=NOW,
            )
        refund = Refund.objects.filter(project_funding=share).order_by("-pk").first()
        if refund is not None and verify:
            with suppress(*ANSWERS):
                actions.verify_refund(refund, by=world.hands[Role.FINANCE], now=NOW)

    @rule(
        kind=st.sampled_from(("SITE", "BUDGET", "SCHEDULE", "TERMINATE")),
        delta=st.decimals("-400000", "200000", places=2),
    )
    def apply_for_a_change(self, kind: str, delta: Decimal) -> None:
        """The clerk applies for a change and hands it in."""
        project = self.project
        after: dict[str, Any] = {
            "SITE": {"place": f"演示乡{self.number}"},
            "SCHEDULE": {"planned_end": "2026-12-20"},
            "TERMINATE": {"justification": "演示"},
            "BUDGET": {},
        }[kind]
        share = ProjectFunding.objects.filter(project=self.pk).first()
        if kind == "BUDGET" and share is not None:
            after = {
                "aid_yuan": str(project.aid_yuan + delta),
                "shares": {str(share.pk): str(delta)},
            }
        with suppress(*ANSWERS):
            change = actions.request_change(
                project, kind=kind, after=after, reason="演示", by=world.hands[Role.CLERK], now=NOW
            )
            actions.submit_change(change, by=world.hands[Role.CLERK], now=NOW)

    @rule(
        verb=st.sampled_from(
            ("consent_to_change", "approve_change", "reject_change", "withdraw_change")
        ),
        role=st.sampled_from(OFFICES),
        days=st.integers(-6, 1),
    )
    def decide(self, verb: str, role: Role, days: int) -> None:
        """Somebody decides about the newest change."""
        change = ChangeRequest.objects.filter(project=self.pk).order_by("-pk").first()
        if change is None:
            return
        was = change.status
        answers: dict[str, dict[str, Any]] = {
            "consent_to_change": {"doc_no": "演示"},
            "approve_change": {"doc_no": "演示", "effective_on": TODAY + timedelta(days=days)},
            "reject_change": {"reason": "演示"},
            "withdraw_change": {},
        }
        asked = answers[verb]
        with suppress(*ANSWERS), transaction.atomic():
            getattr(actions, verb)(change, by=world.hands[role], now=NOW, **asked)
        now = ChangeRequest.objects.get(pk=change.pk)
        if now.status != was and verb == "approve_change":
            assert role in {Role.APPROVER, Role.REVIEWER}
            assert was == "consented" or not now.needs_consent
            assert now.decided_by_id not in {now.created_by_id, now.submitted_by_id}

    @rule(what=st.sampled_from(sorted(BY_SQL)))
    def past_the_verbs(self, what: str) -> None:
        """Somebody writes raw SQL; where it touches a row, the database refuses."""
        with undone(), connection.cursor() as cursor:
            try:
                with transaction.atomic():
                    cursor.execute(BY_SQL[what].format(project=self.pk))
                    touched = cursor.rowcount
                    at_commit()
            except DatabaseError:
                return
            assert not touched, f"accepted by SQL: {what}"

    @invariant()
    def nothing_is_broken(self) -> None:
        at_commit()
        assert broken() == {}


def test_in_any_order_no_rule_breaks(request: pytest.FixtureRequest) -> None:
    global world  # noqa: PLW0603  the machine takes no arguments
    full = request.config.getoption("faults_full", default=False)
    runs, steps = (RUNS, STEPS) if full else SHORT
    with time_machine.travel(NOW, tick=False):
        world = World()
        at_commit()
        assert broken() == {}
        asked = settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
            derandomize=not full,
        )
        run_state_machine_as_test(AnyOrder, settings=asked)
