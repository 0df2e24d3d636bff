"""The ledgers that go with a report's workbook: the rows behind its figures, as known then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from projects.models import (
    Payment,
    Project,
    ProjectFunding,
    Refund,
    Sector,
    Source,
    Stage,
    Transfer,
    TransferReturn,
)
from reporting.reckoning import Reckoning
from reporting.render import Ledger
from teams.models import Category, Direction, Posting


def ledgers(r: Reckoning, language: str) -> list[Ledger]:
    """Projects, money in two levels, and people, of the edition's scope, in ``language``."""
    with override(language):
        return [_projects(r), _funds(r), _payments(r), _people(r)]


def _projects(r: Reckoning) -> Ledger:
    columns = [
        (_("Project code"), "text"), (_("Project name"), "text"), (_("County"), "text"),
        (_("Sector"), "text"), (_("Fiscal year"), "text"), (_("Stage"), "text"),
        (_("Total investment"), "yuan"), (_("Aid allocated"), "yuan"), (_("Paid"), "yuan"),
        (_("Progress"), "percent"), (_("Planned start"), "date"), (_("Planned end"), "date"),
        (_("Implementing unit"), "text"),
    ]  # fmt: skip
    found = Project.objects.filter(pk__in=r.stages)
    found = found.select_related("county", "implementing_unit").order_by("code")
    rows = [
        (
            p.code, p.name, p.county.name, _label(Sector, p.sector), str(p.fiscal_year),
            _label(Stage, r.stages[p.pk]), p.total_investment_yuan,
            r.aid_of_project.get(p.pk, Decimal(0)), r.paid_of_project.get(p.pk, Decimal(0)),
            r.progress.get(p.pk), p.planned_start, p.planned_end,
            p.implementing_unit.name if p.implementing_unit else "",
        )
        for p in found
        if r.stages[p.pk] != Stage.DRAFT
    ]  # fmt: skip
    return Ledger("projects", _("Project ledger"), _("Unit: CNY 10,000"), columns, rows)


def _funds(r: Reckoning) -> Ledger:
    """Transfers, and what of them went back as a negative sum: the column adds up to the figure."""
    columns = [
        (pgettext("region", "Recipient"), "text"), (_("Source"), "text"),
        (_("Fiscal year"), "text"),
        (_("Document no."), "text"), (_("Sent on"), "date"), (_("Arrived on"), "date"),
        (_("Amount"), "yuan"), (_("Treasury"), "text"), (_("Voucher no."), "text"),
        (_("Returned on"), "date"),
    ]  # fmt: skip
    found = Transfer.objects.within(r.scope).as_at(*r.at).filter(fund_plan__fiscal_year=r.year)
    found = found.select_related("fund_plan__pairing__recipient", "treasury")
    returns = TransferReturn.objects.within(r.scope).as_at(*r.at)
    returns = returns.filter(transfer__fund_plan__fiscal_year=r.year).select_related(
        "transfer__fund_plan__pairing__recipient", "transfer__treasury"
    )
    moved: list[tuple[Transfer, TransferReturn | None]] = [
        *((t, None) for t in found.order_by("arrived_on", "pk")),
        *((back.transfer, back) for back in returns.order_by("returned_on", "pk")),
    ]
    rows = [
        (
            t.fund_plan.pairing.recipient.name, _label(Source, t.fund_plan.source),
            str(t.fund_plan.fiscal_year), t.fund_plan.doc_no, t.sent_on, t.arrived_on,
            -back.amount_yuan if back else t.amount_yuan, t.treasury.name,
            back.voucher_no if back else t.voucher_no, back.returned_on if back else None,
        )
        for t, back in moved
    ]  # fmt: skip
    return Ledger("transfers", _("Fund ledger A"), _("Unit: CNY 10,000"), columns, rows)


def _payments(r: Reckoning) -> Ledger:
    """Payments, what was paid before taking over, and what was paid back as a negative sum: the
    column adds up to the figure.
    """
    columns = [
        (_("Project code"), "text"), (_("Project name"), "text"), (_("Source"), "text"),
        (_("Paid on"), "date"), (_("Amount"), "yuan"), (_("Payee"), "text"),
        (_("Treasury"), "text"), (_("Voucher no."), "text"), (_("Paid back on"), "date"),
    ]  # fmt: skip
    of_the_year = {"project_funding__fiscal_year": r.year}
    paid = Payment.objects.within(r.scope).as_at(*r.at).filter(**of_the_year)
    paid = paid.select_related("project_funding__project", "payee", "treasury")
    paid_back = Refund.objects.within(r.scope).as_at(*r.at).filter(**of_the_year)
    paid_back = paid_back.select_related("project_funding__project", "treasury")
    before = ProjectFunding.objects.within(r.scope).as_at(*r.at)
    before = before.filter(fiscal_year=r.year, opening_paid_yuan__gt=0).select_related("project")
    rows: list[tuple[Any, ...]] = [
        (
            share.project.code, share.project.name, _label(Source, share.source),
            share.approved_on, share.opening_paid_yuan, _("taken over"), "", "", None,
        )
        for share in before.order_by("approved_on", "pk")
    ]  # fmt: skip
    rows += [
        (
            p.project_funding.project.code, p.project_funding.project.name,
            _label(Source, p.project_funding.source), p.paid_on, p.amount_yuan, p.payee.name,
            p.treasury.name, p.voucher_no, None,
        )
        for p in paid.order_by("paid_on", "pk")
    ]  # fmt: skip
    rows += [
        (
            p.project_funding.project.code, p.project_funding.project.name,
            _label(Source, p.project_funding.source), None, -p.amount_yuan, "",
            p.treasury.name, p.voucher_no, p.refunded_on,
        )
        for p in paid_back.order_by("refunded_on", "pk")
    ]  # fmt: skip
    return Ledger("payments", _("Fund ledger B"), _("Unit: CNY 10,000"), columns, rows)


def _people(r: Reckoning) -> Ledger:
    columns = [
        (_("Name"), "text"), (_("Direction"), "text"), (_("Category"), "text"),
        (_("Region"), "text"), (_("Host unit"), "text"), (_("Post"), "text"),
        (_("Starts on"), "date"), (_("Planned end"), "date"),
    ]  # fmt: skip
    found: Any = Posting.objects.within(r.scope).in_post(*r.at).with_planned_end(*r.at)
    found = found.select_related("person", "region", "host_unit").order_by("region__code", "pk")
    rows = [
        (
            masked(p.person.name), _label(Direction, p.direction), _label(Category, p.category),
            p.region.name, p.host_unit.name, p.host_post, p.start_on, p.end_then,
        )
        for p in found
    ]  # fmt: skip
    return Ledger("people", _("People ledger (masked)"), "", columns, rows)


def masked(name: str) -> str:
    """The first character of a name and a star for each of the others."""
    return name[:1] + "*" * (len(name) - 1)


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label)
