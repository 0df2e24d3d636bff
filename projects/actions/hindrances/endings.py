"""What keeps a project from being accepted, handed over and closed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Setting
from assistance.periods import local_day
from projects.actions import caps, settlement
from projects.models import Project, Stage
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.audit import FindingStatus
from projects.models.evidence import NoticeKind


def acceptance_missing(project: Project, now: datetime) -> Refused | None:
    """A panel of the level required has passed the works, and its chair is not who built them."""
    level = settlement.level_required(project, now)
    decides = settlement.deciding_acceptance(project, now)
    if decides is None or decides.result != AcceptanceResult.PASS:
        return Refused(
            "acceptance_missing",
            _("Record an acceptance %(level)s that passes the works, and have it confirmed.")
            % {"level": AcceptanceLevel(level).label},
        )
    if decides.chair_of_id == project.implementing_unit_id:
        return Refused(
            "chair_of_the_unit",
            _(
                "The unit that did the works chaired its own acceptance; record one with a chair"
                " from elsewhere."
            ),
        )
    if decides.final_settlement_yuan is None or decides.final_aid_yuan is None:
        return Refused(
            "settlement_missing",
            _("The acceptance does not say what the works cost; record it with both final sums."),
        )
    return None


def done_notice_missing(project: Project, now: datetime) -> Refused | None:
    """What was built has been made public, and the time to object is over."""
    done = project.notices.counting().filter(kind=NoticeKind.DONE, ends_on__lt=local_day(now))
    completed = project.stage_changes.counting().filter(to_stage=Stage.COMPLETED)
    last = completed.order_by("-effective_on", "-pk").first()
    if last is not None:
        done = done.filter(starts_on__gte=last.effective_on)
    if done.exists():
        return None
    return Refused(
        "done_notice_missing",
        _(
            "Hang out the notice after completion, enter it when its last day is over, and have it"
            " confirmed."
        ),
    )


def forms_no_asset(project: Project, now: datetime) -> Refused | None:
    """Only what exists afterwards is handed over."""
    if project.forms_asset:
        return None
    return Refused(
        "forms_no_asset", _("This project forms no asset; close it without a hand-over.")
    )


def assets_not_in_order(project: Project, now: datetime) -> Refused | None:
    """Each asset has an owner and a keeper before it is handed over."""
    assets = list(project.assets.standing())
    if not assets:
        return Refused("asset_missing", _("Register the assets first, each with its owner."))
    bare = [asset for asset in assets if not (asset.owner and asset.manager)]
    if not bare:
        return None
    return Refused(
        "asset_without_owner",
        _("Name who owns the asset and who keeps it: %(assets)s.")
        % {"assets": ", ".join(asset.name for asset in bare)},
    )


def not_handed_over(project: Project, now: datetime) -> Refused | None:
    """What forms an asset is handed over before it is closed."""
    if project.stage == Stage.HANDED_OVER or not project.forms_asset:
        return None
    return Refused("not_handed_over", _("Hand over the asset that this project formed first."))


def not_settled(project: Project, now: datetime) -> Refused | None:
    """The final sums are known, audited where the aid is large, and nothing more is held."""
    final = settlement.final_aid_yuan(project)
    if final is None:
        return Refused(
            "settlement_missing", _("No acceptance says what the works cost; record one first.")
        )
    threshold = Setting.objects.value_on("audit_threshold_yuan", local_day(now), known_at=now)
    audit = settlement.settlement_audit(project)
    if audit is None and project.aid_yuan >= Decimal(threshold):
        return Refused(
            "audit_missing",
            _("From %(threshold)s yuan of aid on a settlement audit is needed; enter its report.")
            % {"threshold": f"{Decimal(threshold):,.2f}"},
        )
    held = settlement.granted_yuan(project)
    sums = {"final": f"{final:,.2f}", "held": f"{held:,.2f}", "over": f"{held - final:,.2f}"}
    if audit is not None and held > audit.audited_yuan:
        return Refused(
            "final_aid_exceeds_audit",
            _(
                "The audit confirms %(final)s yuan of aid, the shares hold %(held)s; release"
                " %(over)s by a change of the surplus."
            )
            % sums,
        )
    if held > final:
        return Refused(
            "surplus_not_released",
            _(
                "The settlement takes %(final)s yuan of aid, the shares hold %(held)s; release"
                " %(over)s by a change of the surplus."
            )
            % sums,
        )
    if held < final:
        return Refused(
            "shares_below_settlement",
            _(
                "The settlement takes %(final)s yuan of aid, the shares hold only %(held)s; have"
                " the budget changed first."
            )
            % sums,
        )
    return None


def not_paid(project: Project, now: datetime) -> Refused | None:
    """All is paid but what may be kept back until the defects period is over."""
    owed = owed_yuan(project, now)
    paid = settlement.paid_yuan(project)
    if paid >= owed:
        return None
    return Refused(
        "not_paid",
        _("%(paid)s yuan are paid, %(owed)s have to be before the project closes; pay the rest.")
        % {"paid": f"{paid:,.2f}", "owed": f"{owed:,.2f}"},
    )


def owed_yuan(project: Project, now: datetime) -> Decimal:
    """Yuan that have to be paid before the project closes: the final aid less the retention."""
    final = settlement.final_aid_yuan(project) or Decimal(0)
    return final - caps.retention_yuan(project, local_day(now), known_at=now)


def evaluation_missing(project: Project, now: datetime) -> Refused | None:
    """How well it did is on record."""
    if project.evaluations.counting().exists():
        return None
    return Refused("evaluation_missing", _("Enter the evaluation and have it confirmed."))


def findings_open(project: Project, now: datetime) -> Refused | None:
    """Whatever anybody found wrong was put right."""
    count = project.findings.counting().exclude(status=FindingStatus.CLOSED).count()
    if not count:
        return None
    return Refused(
        "findings_open",
        _("%(count)d findings are not closed; put them right and have them closed.")
        % {"count": count},
    )
