"""Every scoped model x every kind of office x {own, foreign}: who sees which row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.apps import apps
from django.db import models

from assistance.models import (
    Agreement,
    AgreementTarget,
    Donation,
    Enterprise,
    InvestmentRecord,
    MonthlyReturn,
    Pairing,
    PairLink,
    Park,
    PlanActual,
    ReturnAdjustment,
    ReturnState,
    ReturnValue,
    Setting,
    User,
    Visit,
    Workshop,
)
from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from assistance.scope import Scope
from projects.actions import return_to_draft
from projects.models import (
    Acceptance,
    Asset,
    AuditRecord,
    ChangeRequest,
    Evaluation,
    Finding,
    FundingAdjustment,
    FundPlan,
    Opening,
    Paper,
    Payment,
    PaymentPolicy,
    PerformanceTarget,
    ProgressReport,
    Project,
    ProjectFunding,
    PublicNotice,
    Refund,
    Stage,
    StageChange,
    StepProposal,
    Transfer,
    TransferReturn,
    YearPlanEntry,
)
from reporting.models import AgreementProgress, Edition, ReportDefinition
from teams import actions as of_people
from teams.models import (
    Appraisal,
    Erasure,
    Handover,
    Leave,
    NumberReading,
    Particulars,
    Person,
    PersonalNumber,
    Posting,
    PostingExtension,
    Team,
)
from tests import factories as make

pytestmark = pytest.mark.django_db

NEAR, FAR = (make.COUNTY, make.DONOR), (make.FAR_COUNTY, make.OTHER_DONOR)

Row = models.Model
Maker = Callable[[Pairing], Row]


def _active(pairing: Pairing) -> Project:
    return make.project_at(Stage.ACTIVE, pairing=pairing)


def _completed(pairing: Pairing) -> Project:
    return make.project_at(Stage.COMPLETED, pairing=pairing)


def _edition(pairing: Pairing) -> Edition:
    scope = Scope("recipient", pairing.recipient.code)
    return Edition.objects.create(
        definition=ReportDefinition.objects.earliest("pk"),
        period_start=date(2026, 5, 1),
        period_end=date(2026, 5, 31),
        scope=scope.as_dict(),
        scope_key=scope.key,
        data_cutoff_at=make.NOW,
        created_at=make.NOW,
    )


def _setting() -> Setting:
    clerk = make.hand(Role.CLERK)
    return Setting.objects.create(
        key="change_pct", value=10, starts_on=date(2026, 1, 1), **entered(clerk, make.NOW)
    )


def _agreement(pairing: Pairing) -> Agreement:
    """Of a programme of its own: everybody sees it who has a pairing under it."""
    near = pairing.recipient.code == make.COUNTY
    kind = ProgrammeKind.MS if near else ProgrammeKind.TG
    tie = make.pairing(pairing.recipient.code, pairing.donor.code, kind=kind)
    return make.agreement(programme=tie.programme)


def _team(pairing: Pairing) -> Team:
    team = make.team(pairing.recipient.code)
    make.posting(pairing=pairing, team=team)
    return team


def _reading(pairing: Pairing) -> NumberReading:
    person = make.posting(pairing=pairing).person
    of_people.reveal(person, kind="phone", reason="演示", by=make.hand(Role.ORG), now=make.NOW)
    return person.readings.get()


def _erasure() -> Erasure:
    org = make.hand(Role.ORG)
    return Erasure.objects.create(kept_until=date(2021, 6, 15), years=5, **entered(org, make.NOW))


MAKERS: dict[type[Row], Maker] = {
    Pairing: lambda pairing: pairing,
    Agreement: _agreement,
    AgreementProgress: lambda pairing: AgreementProgress.objects.get(pk=_agreement(pairing).pk),
    PlanActual: lambda pairing: make.plan_actual(),
    AgreementTarget: make.agreement_target,
    PairLink: make.pair_link,
    Park: make.park,
    Enterprise: make.enterprise,
    InvestmentRecord: lambda pairing: make.investment(make.enterprise(pairing)),
    Workshop: make.workshop,
    Donation: make.donation,
    Visit: make.visit,
    MonthlyReturn: lambda pairing: make.monthly_return(pairing=pairing),
    ReturnValue: make.return_value,
    ReturnAdjustment: lambda pairing: make.return_adjustment(
        make.monthly_return(ReturnState.LOCKED, pairing=pairing, period="2026-04")
    ),
    FundPlan: lambda pairing: make.fund_plan(pairing=pairing),
    Transfer: lambda pairing: make.transfer(plan=make.fund_plan(pairing=pairing)),
    TransferReturn: lambda pairing: make.transfer_return(
        make.transfer(plan=make.fund_plan(pairing=pairing))
    ),
    Project: _active,
    Opening: lambda pairing: make.opening(pairing=pairing),
    ProjectFunding: lambda pairing: _active(pairing).funding.get(),
    Payment: lambda pairing: make.payment(_active(pairing)),
    Refund: lambda pairing: make.paid_back(make.payment(_active(pairing))),
    PaymentPolicy: lambda pairing: make.payment_policy(pairing.recipient),
    StageChange: lambda pairing: _active(pairing).stage_changes.latest("pk"),
    YearPlanEntry: lambda pairing: _active(pairing).year_plan_entries.get(),
    ProgressReport: lambda pairing: make.progress(_active(pairing)),
    Acceptance: lambda pairing: make.acceptance(_completed(pairing), confirmed=False),
    Asset: lambda pairing: make.asset(_completed(pairing)),
    AuditRecord: lambda pairing: make.audit_record(_completed(pairing)),
    Finding: lambda pairing: make.finding(pairing=pairing),
    ChangeRequest: lambda pairing: make.change(_active(pairing)),
    FundingAdjustment: lambda pairing: make.adjustment(_active(pairing)),
    Evaluation: lambda pairing: make.evaluation(_completed(pairing), confirmed=False),
    StepProposal: lambda pairing: _active(pairing).step_proposals.get(),
    Paper: lambda pairing: make.paper(_active(pairing)),
    PublicNotice: lambda pairing: _active(pairing).notices.get(),
    Team: _team,
    Posting: lambda pairing: make.posting(pairing=pairing),
    PostingExtension: lambda pairing: make.extension(
        make.posting(pairing=pairing, planned_end=date(2026, 12, 31))
    ),
    Leave: lambda pairing: make.leave(make.posting(pairing=pairing)),
    Appraisal: lambda pairing: make.appraisal(make.posting(pairing=pairing)),
    Handover: lambda pairing: make.handover(make.posting(pairing=pairing)),
    Person: lambda pairing: make.posting(pairing=pairing).person,
    PersonalNumber: lambda pairing: make.posting(pairing=pairing).person.numbers.earliest("pk"),
    Particulars: lambda pairing: make.posting(pairing=pairing).person.particulars.get(),
    NumberReading: _reading,
    Erasure: lambda pairing: _erasure(),
    Edition: _edition,
    Setting: lambda pairing: _setting(),
}

# office: (kind, region) -> whether it sees the row of its own tie, and that of the foreign one
OFFICES: dict[str, tuple[OrganisationKind, str, bool, bool]] = {
    "bureau": (OrganisationKind.BUREAU, make.DONOR_CITY, True, True),
    "organisation division": (OrganisationKind.ORG_DEPT, make.DONOR_CITY, True, True),
    "recipient county": (OrganisationKind.RECIPIENT_OFFICE, make.COUNTY, True, False),
    "recipient prefecture": (OrganisationKind.RECIPIENT_OFFICE, make.PREFECTURE, True, False),
    "recipient province": (OrganisationKind.RECIPIENT_OFFICE, make.PROVINCE, True, True),
    "front team": (OrganisationKind.FRONT_TEAM, make.PREFECTURE, True, False),
    "donor district": (OrganisationKind.DONOR, make.DONOR, True, False),
    "donor city": (OrganisationKind.DONOR, make.DONOR_CITY, True, True),
    "county next door": (OrganisationKind.RECIPIENT_OFFICE, make.OTHER_COUNTY, False, False),
    "treasury": (OrganisationKind.FINANCE, make.COUNTY, False, False),
    "implementing unit": (OrganisationKind.IMPLEMENTING_UNIT, make.COUNTY, False, False),
    "enterprise": (OrganisationKind.ENTERPRISE, make.COUNTY, False, False),
    "school": (OrganisationKind.SCHOOL, make.COUNTY, False, False),
    "hospital": (OrganisationKind.HOSPITAL, make.COUNTY, False, False),
}
# An edition about a recipient is no donor's, whatever its pairings; settings are the bureau's own,
# and policies belong to counties, not to ties.
NOT_FOR: dict[type[Row], set[OrganisationKind]] = {
    Edition: {OrganisationKind.DONOR},
    PaymentPolicy: {OrganisationKind.DONOR},
    Erasure: set(OrganisationKind) - {OrganisationKind.BUREAU, OrganisationKind.ORG_DEPT},
    PlanActual: set(OrganisationKind) - {OrganisationKind.BUREAU, OrganisationKind.ORG_DEPT},
    Setting: set(OrganisationKind) - {OrganisationKind.BUREAU, OrganisationKind.ORG_DEPT},
}


def _reader(office: str) -> User:
    kind, region, _own, _foreign = OFFICES[office]
    return make.user_with(Role.LEADER, organisation=make.organisation(kind, region))


def test_every_model_that_is_scoped_is_in_the_matrix() -> None:
    scoped = {
        model
        for label in ("assistance", "projects", "teams", "reporting")
        for model in apps.get_app_config(label).get_models()
        if hasattr(model._default_manager, "visible_to")
    }
    assert scoped == set(MAKERS)


def test_every_kind_of_office_is_in_the_matrix() -> None:
    assert {kind for kind, _region, _own, _foreign in OFFICES.values()} == set(OrganisationKind)


@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_an_office_sees_its_own_rows_once_and_no_others(model: type[Row]) -> None:
    """Joins must not repeat rows: lists and sums would count them twice."""
    own = MAKERS[model](make.pairing(*NEAR))
    foreign = MAKERS[model](make.pairing(*FAR))
    for office, (kind, _region, sees_own, sees_foreign) in OFFICES.items():
        rows = model._default_manager.visible_to(_reader(office))  # type: ignore[attr-defined]  # scoped
        hidden = kind in NOT_FOR.get(model, ())
        seen = list(rows.values_list("pk", flat=True))
        assert len(seen) == len(set(seen)), office
        assert (own.pk in seen) is (sees_own and not hidden), office
        assert (foreign.pk in seen) is (sees_foreign and not hidden), office
    nobody = [
        make.user_with(Role.SYSADMIN),
        make.user_with(Role.SECADMIN, is_superuser=True),
        make.user_with(Role.LOGAUDITOR, Role.CLERK),
        make.user_with(Role.CLERK, organisation=None),
        make.user_with(Role.CLERK, is_active=False),
    ]
    for user in nobody:
        assert not model._default_manager.visible_to(user).exists(), user.roles  # type: ignore[attr-defined]  # scoped


def test_a_donor_does_not_see_what_is_still_a_draft_nor_anything_that_hangs_on_it() -> None:
    donor, recipient = _reader("donor district"), _reader("recipient county")
    project = make.project_at(Stage.LIBRARY)
    make.share(project)
    assert Project.objects.visible_to(donor).exists()
    assert StageChange.objects.visible_to(donor).count() == 3
    assert ProjectFunding.objects.visible_to(donor).exists()
    return_to_draft(project, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    for model in (Project, StageChange, ProjectFunding):
        rows = model._default_manager
        assert not rows.visible_to(donor).exists(), model
        assert rows.visible_to(recipient).exists(), model


def test_targets_are_reached_only_through_their_project() -> None:
    assert not hasattr(PerformanceTarget._default_manager, "visible_to")
    assert not apps.get_app_config("projects").grants.keys() & {  # type: ignore[attr-defined]  # ours
        "view_performancetarget",
        "change_performancetarget",
    }
