"""Rows for tests: the least that is valid, and later states by the true road, with other hands.

Use it as ``from tests import factories as make``. Regions and offices are found where they exist
and made where not; everything else is made anew by each call. Places are invented (GB/T 2260 knows
no provinces 98 and 99): 98 helps, 99 is helped. What happens in a factory happens before ``NOW``.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.utils import timezone

from assistance.actions.tokens import issue_token
from assistance.models import Organisation, Pairing, Programme, Region, User
from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import OrganisationKind, RegionLevel
from assistance.models.users import ApiToken
from assistance.periods import local_instant
from assistance.roles import Role
from projects.actions import (
    allot,
    confirm_return,
    confirm_transfer,
    create_project,
    issue_fund_plan,
    pay,
    plan_funds,
    record_transfer,
    refund,
    report_progress,
    return_transfer,
    verify_payment,
    verify_progress,
    verify_refund,
)
from projects.models import (
    FundPlan,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    Sector,
    Source,
    Transfer,
    TransferReturn,
)
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentBasis, PaymentStatus, RefundCause
from projects.models.project import TargetKind

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
YEAR = 2026
DONOR_CITY, DONOR, OTHER_DONOR = "980100", "980101", "980102"
PROVINCE, PREFECTURE, COUNTY, OTHER_COUNTY = "990000", "990100", "990101", "990102"
OTHER_PREFECTURE, FAR_COUNTY = "990200", "990201"
PASSWORD = "correct horse battery staple"

OFFICE_OF: dict[Role, OrganisationKind] = {
    Role.D_EDIT: OrganisationKind.DONOR,
    Role.FRONT: OrganisationKind.FRONT_TEAM,
    Role.P_EDIT: OrganisationKind.RECIPIENT_OFFICE,
    Role.P_REVIEW: OrganisationKind.RECIPIENT_OFFICE,
    Role.ORG: OrganisationKind.ORG_DEPT,
}
TARGETS = (
    {"kind": TargetKind.OUTPUT, "name": "新建大棚", "quantity": Decimal(12), "unit": "座"},
    {"kind": TargetKind.BENEFIT, "name": "带动就业", "quantity": Decimal(30), "unit": "人"},
    {"kind": TargetKind.SATISFACTION, "name": "满意度", "quantity": Decimal(95), "unit": "%"},
)

numbers = count(1)


def at(day: date, hour: int = 10) -> datetime:
    """An hour of a local day, as an aware instant."""
    return local_instant(day, time(hour))


# ------------------------------------------------------------------------- places and people


def region(code: str = COUNTY) -> Region:
    """The region with this code, and what it lies in."""
    found = Region.objects.filter(code=code).first()
    if found:
        return found
    if code.endswith("0000"):
        level, above = RegionLevel.PROVINCE, None
    elif code.endswith("00"):
        level, above = RegionLevel.PREFECTURE, region(f"{code[:2]}0000")
    else:
        level, above = RegionLevel.COUNTY, region(f"{code[:4]}00")
    return Region.objects.create(
        code=code, name_zh=f"演示地区{code}", name_en=f"Demo {code}", level=level, parent=above
    )


def organisation(
    kind: OrganisationKind = OrganisationKind.IMPLEMENTING_UNIT, region_code: str = COUNTY
) -> Organisation:
    """The organisation of this kind in this region."""
    found, _created = Organisation.objects.get_or_create(
        kind=kind,
        region=region(region_code),
        defaults={"name_zh": f"演示单位{region_code}", "name_en": f"Demo {kind} {region_code}"},
    )
    return found


def payee(region_code: str = COUNTY) -> Organisation:
    """A new enterprise of a region."""
    return Organisation.objects.create(
        kind=OrganisationKind.ENTERPRISE,
        region=region(region_code),
        name_zh=f"演示企业{next(numbers)}",
        name_en="Demo enterprise",
    )


def treasury(region_code: str = COUNTY) -> Organisation:
    """The finance bureau of a region."""
    return organisation(OrganisationKind.FINANCE, region_code)


def programme(kind: ProgrammeKind = ProgrammeKind.EW) -> Programme:
    """The programme of this kind."""
    found, _created = Programme.objects.get_or_create(
        kind=kind,
        defaults={"code": f"demo_{kind.lower()}", "name_zh": "演示项目类", "name_en": "Demo"},
    )
    return found


def pairing(
    recipient: str = COUNTY,
    donor: str = DONOR,
    *,
    since: str = "2021-06",
    until: str = "",
    kind: ProgrammeKind = ProgrammeKind.EW,
) -> Pairing:
    """The tie between two regions, open-ended since June 2021 unless told otherwise."""
    found, created = Pairing.objects.get_or_create(
        programme=programme(kind),
        donor=region(donor),
        recipient=region(recipient),
        since=since,
        until=until,
    )
    if created:
        found.refresh_from_db()  # the database computes the first and the last day
    return found


def user_with(*roles: Role, region_code: str = "", **overrides: Any) -> User:
    """A new account with these roles, in the office that people of the first role work in.

    Bureau and administrators sit in the donor city. The password is ``PASSWORD``.
    """
    kind = OFFICE_OF.get(roles[0], OrganisationKind.BUREAU) if roles else OrganisationKind.BUREAU
    if kind in {OrganisationKind.BUREAU, OrganisationKind.ORG_DEPT}:
        region_code = region_code or DONOR_CITY
    default = DONOR if kind == OrganisationKind.DONOR else COUNTY
    number = next(numbers)
    fields: dict[str, Any] = {
        "username": f"user-{number}",
        "name": f"演示人员{number}",
        "email": f"user-{number}@example.invalid",
        "is_staff": not overrides.get("is_service", False),
        "organisation": organisation(kind, region_code or default),
    }
    user = User(**fields | overrides)
    if user.is_service:
        user.set_unusable_password()
    else:
        user.set_password(PASSWORD)
    user.save()
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    return user


def hand(role: Role) -> User:
    """The one account by whose hands factories do what falls to this role, for every region."""
    username = f"hand-{role.lower()}"
    found = User.objects.filter(username=username).values_list("pk", flat=True).first()
    if found is None:
        office = organisation(OrganisationKind.BUREAU, DONOR_CITY)
        user_with(role, username=username, organisation=office)
    elif username in _hands and _hands[username].pk == found:
        return _hands[username]
    _hands[username] = User.objects.select_related("organisation__region").get(username=username)
    return _hands[username]


_hands: dict[str, User] = {}  # as first asked for, with the permissions that they have read since


def service_account(role: Role = Role.P_EDIT, region_code: str = "") -> User:
    """The account of a partner's system."""
    return user_with(role, region_code=region_code, is_service=True)


def token(user: User | None = None, **options: Any) -> tuple[ApiToken, str]:
    """A bearer token and its text; it is issued now by the wall clock, for it ages by that."""
    options.setdefault("now", timezone.now())
    return issue_token(
        user or service_account(), name="演示系统", by=hand(Role.SYSADMIN), **options
    )


# ------------------------------------------------------------------------------------- money


def fund_plan(
    status: FundPlanStatus = FundPlanStatus.ISSUED,
    *,
    amount_yuan: Decimal | int = 10_000_000,
    **overrides: Any,
) -> FundPlan:
    """A fund plan of the year, drafted by the clerk and issued by finance."""
    fields: dict[str, Any] = {
        "fiscal_year": YEAR,
        "source": Source.PROV,
        "issued_on": date(overrides.get("fiscal_year", YEAR), 1, 20),
        "doc_no": f"演示文〔{YEAR}〕{next(numbers)}号",
    }
    fields |= overrides
    if "pairing" not in fields:
        fields["pairing"] = pairing()
    now = at(fields["issued_on"])
    plan = plan_funds(amount_yuan=Decimal(amount_yuan), by=hand(Role.CLERK), now=now, **fields)
    if status == FundPlanStatus.DRAFT:
        return plan
    return issue_fund_plan(plan, by=hand(Role.FINANCE), now=now)


def transfer(
    status: TransferStatus = TransferStatus.CONFIRMED,
    *,
    plan: FundPlan | None = None,
    amount_yuan: Decimal | int = 1_000_000,
    **overrides: Any,
) -> Transfer:
    """Money that arrived, entered by the clerk and confirmed by finance."""
    plan = plan or fund_plan()
    fields: dict[str, Any] = {
        "sent_on": date(YEAR, 2, 10),
        "arrived_on": date(YEAR, 2, 12),
        "voucher_no": f"TR-{next(numbers)}",
    }
    fields |= overrides
    if "treasury" not in fields:
        fields["treasury"] = treasury(plan.pairing.recipient.code)
    now = at(fields["arrived_on"] or fields["sent_on"], 11)
    made = record_transfer(
        fund_plan=plan,
        amount_yuan=Decimal(amount_yuan),
        by=hand(Role.CLERK),
        now=now,
        **fields,
    )
    if status == TransferStatus.DRAFT:
        return made
    return confirm_transfer(made, by=hand(Role.FINANCE), now=now)


def transfer_return(
    of: Transfer,
    status: TransferStatus = TransferStatus.CONFIRMED,
    *,
    amount_yuan: Decimal | int = 100_000,
    **overrides: Any,
) -> TransferReturn:
    """Money of a transfer that went back, entered by the clerk and confirmed by finance."""
    fields: dict[str, Any] = {
        "returned_on": date(YEAR, 3, 12),
        "voucher_no": f"RET-{next(numbers)}",
        "reason": "演示退回",
    }
    now = overrides.pop("now", None)
    fields |= overrides
    now = now or at(fields["returned_on"], 11)
    made = return_transfer(
        of, amount_yuan=Decimal(amount_yuan), by=hand(Role.CLERK), now=now, **fields
    )
    if status == TransferStatus.DRAFT:
        return made
    return confirm_return(made, by=hand(Role.FINANCE), now=now)


# ----------------------------------------------------------------------------------- projects


def project_fields(**overrides: Any) -> dict[str, Any]:
    """What a complete application says, apart from pairing, county and year."""
    fields: dict[str, Any] = {
        "name": f"演示项目{next(numbers)}",
        "place": "演示乡",
        "sector": Sector.RURAL,
        "content": "演示内容",
        "responsible_person": "演示负责人",
        "office_phone": "0000-0000000",
        "aid_yuan": Decimal(1_000_000),
        "planned_start": date(YEAR, 4, 1),
        "planned_end": date(YEAR, 11, 30),
        "beneficiary_households": 40,
        "beneficiary_persons": 160,
        "lifted_persons": 50,
        "monitored_persons": 10,
        "linkage": "演示联农带农机制",
    }
    return fields | overrides


def draft(*, by: User | None = None, now: datetime | None = None, **overrides: Any) -> Project:
    """A complete draft of the clerk; ``overrides`` are fields of the project, also ``targets``."""
    tie = overrides.pop("pairing", None) or pairing()
    county = overrides.pop("county", None) or tie.recipient
    year = overrides.pop("fiscal_year", YEAR)
    targets = overrides.pop("targets", TARGETS)
    if "implementing_unit" not in overrides:
        overrides["implementing_unit"] = organisation(region_code=county.code)
    return create_project(
        pairing=tie,
        county=county,
        fiscal_year=year,
        by=by or hand(Role.CLERK),
        now=now or at(date(year, 2, 2)),
        targets=targets,
        **project_fields(**overrides),
    )


def share(
    project: Project, *, plan: FundPlan | None = None, amount_yuan: Decimal | None = None
) -> ProjectFunding:
    """The project's share of a fund plan (of one of its own where none is given), by the clerk."""
    amount = project.aid_yuan if amount_yuan is None else amount_yuan
    plan = plan or fund_plan(
        pairing=project.pairing, fiscal_year=project.fiscal_year, amount_yuan=amount
    )
    return allot(
        project,
        source=plan.source,
        amount_yuan=amount,
        fund_plan=plan,
        by=hand(Role.CLERK),
        now=at(date(project.fiscal_year, 2, 20)),
    )


def progress(
    project: Project,
    physical_pct: Decimal | int = 100,
    *,
    status: ProgressStatus = ProgressStatus.VERIFIED,
    measured_on: date | None = None,
    **said: Any,
) -> ProgressReport:
    """How far the works are, reported by the clerk and verified by the reviewer."""
    day = measured_on or date(project.fiscal_year, 5, 20)
    report = report_progress(
        project,
        period=f"{day:%Y-%m}",
        measured_on=day,
        physical_pct=Decimal(physical_pct),
        narrative="演示进展",
        photos=[photo()],
        by=hand(Role.CLERK),
        now=at(day),
        **said,
    )
    if status == ProgressStatus.SUBMITTED:
        return report
    return verify_progress(report, by=hand(Role.REVIEWER), now=at(day, 11))


def payment(
    project: Project,
    status: PaymentStatus = PaymentStatus.VERIFIED,
    *,
    amount_yuan: Decimal | int = 100_000,
    **overrides: Any,
) -> Payment:
    """Money paid out of the project's share (the first, or ``funding``), entered by the clerk and
    verified by the reviewer; to a payee of its own, so that no two payments look alike.
    """
    funding = overrides.pop("funding", None) or project.funding.counting().order_by("pk").first()
    assert funding is not None, "only an approved project has a share that counts"
    fields: dict[str, Any] = {
        "basis": PaymentBasis.START,
        "paid_on": date(project.fiscal_year, 5, 6),
        "voucher_no": f"PAY-{next(numbers)}",
    }
    fields |= overrides
    if "treasury" not in fields:
        fields["treasury"] = treasury(project.county.code)
    if "payee" not in fields:
        fields["payee"] = payee(project.county.code)
    now = at(fields["paid_on"])
    made = pay(funding, amount_yuan=Decimal(amount_yuan), by=hand(Role.CLERK), now=now, **fields)
    if status == PaymentStatus.SUBMITTED:
        return made
    return verify_payment(made, by=hand(Role.REVIEWER), now=now)


def paid_back(
    of: Payment,
    status: PaymentStatus = PaymentStatus.VERIFIED,
    *,
    amount_yuan: Decimal | int = 10_000,
    **overrides: Any,
) -> Refund:
    """Money of a payment that the unit paid back, entered by the clerk and verified by finance."""
    fields: dict[str, Any] = {
        "refunded_on": date(of.paid_on.year, 5, 26),
        "cause": RefundCause.SURPLUS,
        "treasury": of.treasury,
        "voucher_no": f"BACK-{next(numbers)}",
    }
    now = overrides.pop("now", None)
    fields |= overrides
    now = now or at(fields["refunded_on"])
    made = refund(
        of.project_funding,
        amount_yuan=Decimal(amount_yuan),
        by=hand(Role.CLERK),
        now=now,
        **fields,
    )
    if status == PaymentStatus.SUBMITTED:
        return made
    return verify_refund(made, by=hand(Role.FINANCE), now=now)


# The rest of the house needs what stands above.
from tests.factories.acceptance import acceptance as acceptance  # noqa: E402
from tests.factories.acceptance import acceptance_fields as acceptance_fields  # noqa: E402
from tests.factories.acceptance import asset as asset  # noqa: E402
from tests.factories.acceptance import audit_record as audit_record  # noqa: E402
from tests.factories.acceptance import evaluation as evaluation  # noqa: E402
from tests.factories.acceptance import evaluation_fields as evaluation_fields  # noqa: E402
from tests.factories.acceptance import finding as finding  # noqa: E402
from tests.factories.acceptance import finding_fields as finding_fields  # noqa: E402
from tests.factories.agreements import agreement as agreement  # noqa: E402
from tests.factories.agreements import agreement_target as agreement_target  # noqa: E402
from tests.factories.agreements import amendment as amendment  # noqa: E402
from tests.factories.agreements import indicator as indicator  # noqa: E402
from tests.factories.agreements import monthly_return as monthly_return  # noqa: E402
from tests.factories.agreements import plan_actual as plan_actual  # noqa: E402
from tests.factories.agreements import return_adjustment as return_adjustment  # noqa: E402
from tests.factories.agreements import return_value as return_value  # noqa: E402
from tests.factories.changes import adjustment as adjustment  # noqa: E402
from tests.factories.changes import audited as audited  # noqa: E402
from tests.factories.changes import change as change  # noqa: E402
from tests.factories.changes import consent_paper as consent_paper  # noqa: E402
from tests.factories.cooperation import donation as donation  # noqa: E402
from tests.factories.cooperation import enterprise as enterprise  # noqa: E402
from tests.factories.cooperation import investment as investment  # noqa: E402
from tests.factories.cooperation import pair_link as pair_link  # noqa: E402
from tests.factories.cooperation import park as park  # noqa: E402
from tests.factories.cooperation import visit as visit  # noqa: E402
from tests.factories.cooperation import workshop as workshop  # noqa: E402
from tests.factories.evidence import attachment as attachment  # noqa: E402
from tests.factories.evidence import notice as notice  # noqa: E402
from tests.factories.evidence import papers as papers  # noqa: E402
from tests.factories.files import kept as kept  # noqa: E402
from tests.factories.files import paper as paper  # noqa: E402
from tests.factories.files import photo as photo  # noqa: E402
from tests.factories.openings import ledger_row as ledger_row  # noqa: E402
from tests.factories.openings import ledger_share as ledger_share  # noqa: E402
from tests.factories.openings import opening as opening  # noqa: E402
from tests.factories.openings import opening_waiting as opening_waiting  # noqa: E402
from tests.factories.openings import taken_over as taken_over  # noqa: E402
from tests.factories.people import appraisal as appraisal  # noqa: E402
from tests.factories.people import batch as batch  # noqa: E402
from tests.factories.people import erasure as erasure  # noqa: E402
from tests.factories.people import extension as extension  # noqa: E402
from tests.factories.people import handover as handover  # noqa: E402
from tests.factories.people import id_number as id_number  # noqa: E402
from tests.factories.people import leave as leave  # noqa: E402
from tests.factories.people import leaving as leaving  # noqa: E402
from tests.factories.people import person as person  # noqa: E402
from tests.factories.people import phone as phone  # noqa: E402
from tests.factories.people import posting as posting  # noqa: E402
from tests.factories.people import posting_fields as posting_fields  # noqa: E402
from tests.factories.people import team as team  # noqa: E402
from tests.factories.policies import payment_policy as payment_policy  # noqa: E402
from tests.factories.road import project_at as project_at  # noqa: E402
from tests.factories.road import ready_for as ready_for  # noqa: E402
from tests.factories.road import written_in as written_in  # noqa: E402

# isort: split
# Last, for the module of this name takes its place when it is loaded.
