"""Where money comes from, and how the ledger sums it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext_lazy

ZERO = Decimal(0)


class Source(models.TextChoices):
    PROV = "PROV", pgettext_lazy("source", "province-coordinated fiscal aid")
    CITY = "CITY", pgettext_lazy("source", "city")
    DIST = "DIST", pgettext_lazy("source", "district")
    MS = "MS", pgettext_lazy("source", "Mountain–Sea special fund")
    DON_CASH = "DON_CASH", pgettext_lazy("source", "donations in cash")
    DON_KIND = "DON_KIND", pgettext_lazy("source", "donations in kind")
    MATCH = "MATCH", pgettext_lazy("source", "recipient's matching funds")
    SELF = "SELF", pgettext_lazy("source", "unit's own funds")


AID = (Source.PROV, Source.CITY, Source.DIST, Source.MS)
WITHOUT_A_PLAN = (Source.MATCH, Source.SELF)
PAID_THROUGH_THE_LEDGER = (*AID, Source.DON_CASH)

# The column of a project's application that the shares from each source have to add up to.
REQUESTED_IN: dict[str, str] = {
    **{source.value: "aid_yuan" for source in AID},
    Source.DON_CASH.value: "donation_yuan",
    Source.DON_KIND.value: "donation_yuan",
    Source.MATCH.value: "match_yuan",
    Source.SELF.value: "self_yuan",
}


def total_yuan(rows: models.QuerySet[Any], column: str = "amount_yuan") -> Decimal:
    """Yuan in a column of the rows, summed by the database."""
    total: Decimal = rows.aggregate(sum=Coalesce(Sum(column), ZERO))["sum"]
    return total
