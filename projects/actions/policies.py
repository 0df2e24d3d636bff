"""Payment policies of counties: one person maintains, another confirms; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Region, Setting, User
from assistance.models.regions import RegionLevel
from assistance.models.rows import entered
from projects.models import PaymentPolicy
from projects.policies import as_dicts, plain, read_steps, retention_pct


@transaction.atomic
def propose_policy(
    *,
    county: Region,
    name: str,
    steps: Sequence[Mapping[str, Any]],
    starts_on: date,
    by: User,
    now: datetime,
    doc_no: str = "",
) -> PaymentPolicy:
    """Enter the payment policy of a county from ``starts_on`` on; it applies once an approver
    confirmed it.

    ValidationError names the step that does not fit (``projects.policies`` has the words), and
    refuses to hold back more than the office's largest retention of that day.
    """
    if not by.has_perm("projects.add_paymentpolicy") or by.scope.kind != "all":
        raise PermissionDenied
    if county.level != RegionLevel.COUNTY:
        raise ValidationError({"county": _("A payment policy belongs to a county.")})
    read = read_steps(steps)
    most = Decimal(Setting.objects.value_on("retention_pct", starts_on, known_at=now))
    if retention_pct(read) > most:
        raise ValidationError(
            {
                "steps": _("The retention is %(pct)s %% of the base; at most %(most)s %% may be.")
                % {"pct": plain(retention_pct(read)), "most": plain(most)}
            }
        )
    policy = PaymentPolicy(
        county=county,
        name=name.strip(),
        steps=as_dicts(read),
        starts_on=starts_on,
        doc_no=doc_no.strip(),
        **entered(by, now),
    )
    policy.full_clean()
    policy.save()
    return policy


@transaction.atomic
def confirm_policy(
    policy: PaymentPolicy, *, by: User, now: datetime, version: int | None = None
) -> PaymentPolicy:
    """Let a proposed policy apply from its day on."""
    if not by.has_perm("projects.confirm_paymentpolicy"):
        raise PermissionDenied
    policy = PaymentPolicy.objects.lock_for(by, policy.pk, version=version)
    if policy.counted_at or policy.voided_at:
        raise Refused("policy_is_settled", _("This policy was confirmed or struck out already."))
    policy.require_other_hands(by, than=("created_by",))
    policy.count(by=by, now=now)
    return policy


@transaction.atomic
def strike_out_policy(
    policy: PaymentPolicy, *, reason: str, by: User, now: datetime, version: int | None = None
) -> PaymentPolicy:
    """Strike a policy out; what applied before it applies again. The reason stays on record."""
    seen = PaymentPolicy.objects.visible_to(by).get(pk=policy.pk)
    permission = "confirm_paymentpolicy" if seen.counted_at else "add_paymentpolicy"
    if not by.has_perm(f"projects.{permission}"):
        raise PermissionDenied
    policy = PaymentPolicy.objects.lock_for(by, policy.pk, version=version)
    if policy.voided_at or bool(policy.counted_at) != bool(seen.counted_at):
        raise Refused("policy_is_settled", _("This policy was confirmed or struck out already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    policy.void(by=by, now=now, reason=reason)
    return policy
