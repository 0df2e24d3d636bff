"""Verbs on rows of money: which are open to the caller, and how one is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.once import once
from assistance.models import Organisation
from assistance.models.regions import OrganisationKind
from projects.actions.refusals import WhyNot
from projects.api.of_projects import WithVerbs

Body = type[serializers.Serializer[Any]]


class TakesSteps(WithVerbs):
    """Rows of money whose verbs are in ``steps``: the API's name, and what may stand in the way."""

    steps: ClassVar[Mapping[str, WhyNot]] = {}

    def actions_open(self, row: Any) -> list[str]:
        if not self.may_write:
            return []
        return [name for name, why_not in self.steps.items() if why_not(row, self.caller) is None]

    def take(
        self, pk: int, name: str, shape: Body, action: Callable[..., Any], **options: Any
    ) -> Response:
        """One step: in sight (404), theirs (403), version named (428), body right (400), then the
        action, which looks again under the row's lock.
        """
        row = self.rows_in_full().get(pk=pk)
        refusal = self.steps[name](row, self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        version = self.version()
        given = self.body(shape, **options)
        with transaction.atomic():
            action(row, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=pk))

    def make(self, request: Request, path: str, action: Callable[[], Any]) -> Response:
        """Create a row once per Idempotency-Key; ``path`` is where the row is found afterwards."""

        def made() -> Response:
            row = action()
            reply = self.full(self.rows_in_full().get(pk=row.pk), status=201)
            reply.headers["Location"] = request.build_absolute_uri(f"/api/v1/{path}/{row.pk}/")
            return reply

        return once(request, self.now, made)

    def treasury(self, name: str, *kinds: OrganisationKind) -> Organisation:
        """The treasury of this Chinese name that the caller sees, or ValidationError."""
        seen = Organisation.objects.within(self.caller.scope).filter(
            kind__in=kinds or (OrganisationKind.FINANCE,)
        )
        found = list(seen.filter(name_zh=name.strip()).order_by("pk")[:2])
        if len(found) != 1:
            raise serializers.ValidationError(
                {"treasury": [_("You see no treasury of this name, or several.")]}
            )
        return found[0]


def known(rows: QuerySet[Any], pk: int, field: str) -> Any:
    """The row of this number that the caller sees, or ValidationError on ``field``."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise serializers.ValidationError({field: [_("You see no row of this number.")]})
    return found
