"""Changes of what was approved: applied for below a project, listed, consented to, decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.organisations import implementing_unit
from assistance.api.fields import (
    LARGEST_YEAR,
    Day,
    Flag,
    Inside,
    Instant,
    Key,
    Name,
    NoBody,
    Number,
    ReasonBody,
    Strict,
    Text,
    Timestamp,
    Word,
    Words,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, takes, verb
from projects import actions
from projects.actions.changed_values import COLUMNS
from projects.api.entering import EnteredInProject
from projects.api.of_projects import InProject, WithVerbs
from projects.api.shapes import DraftBody, TargetBody
from projects.models import ChangeRequest, Project
from projects.models.changes import ChangeKind, ChangeStatus

SIGNED = r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$"
APPLIED_FOR = [(kind.value, kind.label) for kind in ChangeKind if kind != ChangeKind.SURPLUS]
# The columns that some kind may change; the shares of a budget bring its sums along.
CHANGED = tuple(dict.fromkeys(name for names in COLUMNS.values() for name in names))


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Written(serializers.Field[dict[str, Any], Any, dict[str, Any], Any]):
    """``before`` or ``after`` as they stand: columns of the project, and ``shares`` by their id."""

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


@extend_schema_field({"type": "string", "pattern": SIGNED, "example": "-50000.00"})
class SignedYuan(Yuan):
    form = SIGNED


class ChangeRequestRow(serializers.Serializer[ChangeRequest]):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project.code", help_text="the project's code")
    project_name = serializers.CharField(source="project.name")
    pairing = serializers.IntegerField(source="project.pairing_id")
    county = serializers.CharField(source="project.county.code")
    county_name = Name(source="project.county.name")
    kind = serializers.ChoiceField(ChangeKind.choices)
    status = serializers.ChoiceField(ChangeStatus.choices)
    before = Written(help_text="what stood when it was submitted")
    after = Written(help_text="what it asks for; `shares` are differences in yuan")
    reason = serializers.CharField()
    needs_consent = serializers.BooleanField(
        help_text="the donor consents and the approver decides; known once it is submitted"
    )
    donor_consent_doc = serializers.CharField(allow_blank=True)
    doc_no = serializers.CharField(allow_blank=True, help_text="of the decision")
    effective_on = Day(allow_null=True)
    decision_reason = serializers.CharField(
        allow_blank=True, help_text="why it was rejected; of a draft, why it was returned"
    )
    submitted_at = Timestamp(allow_null=True)
    consented_at = Timestamp(allow_null=True)
    decided_at = Timestamp(allow_null=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class ChangeRequestDetail(ChangeRequestRow):
    allowed_actions = AllowedActions()


class ChangeRequestQuery(ListQuery):
    ordering = Ordering({"id": "id", "updated_at": "updated_at"}, default="-id")
    fields = Sparse(ChangeRequestRow)  # type: ignore[assignment]  # declared fields leave the class
    project = Key(source="project__code", required=False)
    kind = Words(ChangeKind.values, source="kind__in", required=False)
    status = Words(ChangeStatus.values, source="status__in", required=False)
    needs_consent = Flag(required=False)
    year = Number(
        source="project__fiscal_year",
        max_value=LARGEST_YEAR,
        required=False,
        help_text="the project's fiscal year",
    )
    pairing = Number(source="project__pairing_id", required=False)
    donor = Inside(
        source="project__pairing__donor__code__startswith",
        required=False,
        help_text="inside this region",
    )
    region = Inside(
        source="project__county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class AfterBody(DraftBody):
    """What is to be changed: only what the kind may change (409 or 400 name what it may not)."""

    targets = TargetBody(many=True, required=False)
    shares = serializers.DictField(
        child=SignedYuan(),
        required=False,
        help_text="BUDGET, TERMINATE: by the id of a share, the difference in yuan",
    )
    new_shares = serializers.DictField(
        child=Yuan(),
        required=False,
        help_text="BUDGET: by the id of a fund plan, or MATCH or SELF, the amount in yuan",
    )
    justification = Text(
        required=False, max_length=2000, help_text="TERMINATE: why paid money stays"
    )

    class Meta(DraftBody.Meta):
        fields = (*CHANGED, "targets", "shares", "new_shares", "justification")

    def get_fields(self) -> dict[str, Any]:
        """Nothing has to be changed; what is not named stays."""
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class EditBody(Strict, serializers.Serializer[Any]):
    after = AfterBody(required=False, help_text="replaces the whole of it")
    reason = Text(required=False, max_length=2000)


class RequestBody(Strict, serializers.Serializer[Any]):
    kind = Word(APPLIED_FOR)
    after = AfterBody()
    reason = Text(max_length=2000, help_text="those who decide will read it")


class ConsentBody(Strict, serializers.Serializer[Any]):
    doc_no = Text(max_length=80, help_text="of the donor's letter, which is on file")


class DecisionBody(Strict, serializers.Serializer[Any]):
    doc_no = Text(max_length=80)
    effective_on = Day(help_text="no later than today; figures count it from then on")


class Changes(WithVerbs):
    permission = "projects.view_changerequest"
    row, in_full, query = ChangeRequestRow, ChangeRequestDetail, ChangeRequestQuery

    def rows(self) -> QuerySet[ChangeRequest]:
        return ChangeRequest.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[ChangeRequest]:
        return self.rows().select_related("project__pairing", "project__county")

    def actions_open(self, row: ChangeRequest) -> list[str]:
        return row.verbs_open_to(self.caller) if self.may_write else []

    def list(self, request: Request, **key: Any) -> Response:
        """List the changes of the projects that you may see, the newest first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show a change, what stood before it and what it asks for."""
        return super().retrieve(request, **key)

    @verb("edit", EditBody)
    def partial_update(self, request: Request, id: int) -> Response:  # noqa: A002
        """Change what a draft asks for."""

        def edited(change: ChangeRequest, **given: Any) -> ChangeRequest:
            if "after" in given:
                given["after"] = with_unit(given["after"], change.project, by=self.caller)
            return actions.edit_change(change, **given)

        return self._take("edit", id, EditBody, edited, partial=True)

    @verb("submit", NoBody)
    def submit(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Hand a draft in; what stands now is frozen beside it."""
        return self._take("submit", id, NoBody, actions.submit_change)

    @verb("withdraw", NoBody)
    def withdraw(self, request: Request, id: int) -> Response:  # noqa: A002
        """Take a change back for good, before anybody consented."""
        return self._take("withdraw", id, NoBody, actions.withdraw_change)

    @verb("return", ReasonBody)
    def send_back(self, request: Request, id: int) -> Response:  # noqa: A002
        """Send a change back to be corrected."""
        return self._take("return", id, ReasonBody, actions.return_change)

    @verb("consent", ConsentBody)
    def consent(self, request: Request, id: int) -> Response:  # noqa: A002
        """Record that the donor consents."""
        return self._take("consent", id, ConsentBody, actions.consent_to_change)

    @verb("approve", DecisionBody)
    def approve(self, request: Request, id: int) -> Response:  # noqa: A002
        """Approve a change and do what it asks."""
        return self._take("approve", id, DecisionBody, actions.approve_change)

    @verb("reject", ReasonBody)
    def reject(self, request: Request, id: int) -> Response:  # noqa: A002
        """Turn a change down for good."""
        return self._take("reject", id, ReasonBody, actions.reject_change)

    def _take(
        self,
        name: str,
        pk: int,
        shape: type[serializers.Serializer[Any]],
        step: Callable[..., ChangeRequest],
        **options: Any,
    ) -> Response:
        """One verb: in sight (404), theirs (403), version named (428), body right (400), then the
        action, which looks again under the locks.
        """
        change = self.rows_in_full().get(pk=pk)
        refusal = change.why_not(name, self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        version = self.version()
        given = self.body(shape, **options)
        with transaction.atomic():
            step(change, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=pk))


class ChangesOfProject(EnteredInProject, Changes):
    entered_by, shown_at = "request_change", "api-change"

    def list(self, request: Request, **key: Any) -> Response:
        """List the changes of a project, the newest first."""
        return super().list(request)

    @takes(RequestBody)
    def create(self, request: Request, code: str) -> Response:
        """Draft a change of what was approved; the project changes once it is approved."""

        def drafted() -> ChangeRequest:
            given = self.body(RequestBody)
            given["after"] = with_unit(given["after"], self.project, by=self.caller)
            return actions.request_change(self.project, by=self.caller, now=self.now, **given)

        return self.enter(drafted)


class SurplusOfProject(InProject, Changes):
    @verb("release_surplus", NoBody)
    def release_surplus(self, request: Request, code: str) -> Response:
        """Release what the settlement left over, by a change; If-Match is the project's."""
        refusal = self.project.why_not("request_change", self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        version = self.version()
        self.body(NoBody)
        with transaction.atomic():
            change = actions.release_surplus(
                self.project, by=self.caller, now=self.now, version=version
            )
            return self.full(self.rows_in_full().get(pk=change.pk))


def with_unit(after: Mapping[str, Any], project: Project, *, by: Any) -> dict[str, Any]:
    """What is to be changed with the implementing unit in the place of its name."""
    fields = dict(after)
    if "implementing_unit" in fields:
        fields["implementing_unit"] = implementing_unit(
            fields["implementing_unit"], county=project.county, by=by
        )
    return fields
