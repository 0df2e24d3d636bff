"""Promises that every model of the house keeps, found by looking at all of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import CheckConstraint, Q

APPS = ("assistance", "projects", "teams", "reporting")
MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models()]
# Pair by pair: the steps of the road.
BOUND_OTHERWISE = {
    "StageChange.from_stage", "StageChange.to_stage",  # by the table of the road
    "Project.proposed_stage", "StepProposal.to_stage",  # by the three steps of two hands
    "Opening.stage",  # by the stages that a project can be taken over at
}  # fmt: skip
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def _fields_of(condition: Any) -> Iterator[str]:
    """The columns that a condition speaks of."""
    for child in condition.children if isinstance(condition, Q) else []:
        if isinstance(child, tuple):
            yield child[0].split("__")[0]
        else:
            yield from _fields_of(child)


def _checks(model: type[models.Model]) -> list[set[str]]:
    """The columns of each CHECK of the model."""
    return [
        set(_fields_of(constraint.condition))
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    ]


def _pairs(model: type[models.Model]) -> list[tuple[str, str]]:
    names = {field.name: field for field in model._meta.local_concrete_fields}
    return [
        (name, f"{name.removesuffix('_at')}_by")
        for name, field in names.items()
        if name.endswith("_at") and f"{name.removesuffix('_at')}_by" in names
    ]


@each_model
def test_when_and_by_whom_are_bound_together(model: type[models.Model]) -> None:
    for at, by in _pairs(model):
        field_at, field_by = model._meta.get_field(at), model._meta.get_field(by)
        assert field_at.null == field_by.null, f"{at} and {by}: both or neither may be missing"
        if field_at.null:
            assert any({at, by} <= check for check in _checks(model)), f"no CHECK binds {at}, {by}"


def test_there_are_such_pairs() -> None:
    assert sum(len(_pairs(model)) for model in MODELS) > 20


@each_model
def test_choices_bind_the_database(model: type[models.Model]) -> None:
    """A CHECK names all the values of a choice and nothing else; of stages some, where not all of
    them are meant.
    """
    lists = [
        (name, set(map(str, values)))
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint) and isinstance(constraint.condition, Q)
        for name, values in _lists(constraint.condition)
    ]
    unbound = {
        field.name
        for field in model._meta.local_concrete_fields
        if field.choices
        and f"{model.__name__}.{field.name}" not in BOUND_OTHERWISE
        and (field.name, {str(value) for value, _label in field.flatchoices}) not in lists
    }
    assert unbound == set(), f"no CHECK binds the choices of {', '.join(sorted(unbound))}"


def _lists(condition: Q) -> Iterator[tuple[str, Any]]:
    """Column and values where the whole condition is that a column is one of some values."""
    match condition.children:
        case [(str(lookup), values)] if lookup.endswith("__in") and not condition.negated:
            yield lookup.removesuffix("__in"), values


@pytest.mark.django_db
@each_model
def test_every_constraint_of_the_models_is_in_the_database(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert {constraint.name for constraint in model._meta.constraints} <= set(there)


@each_model
def test_money_is_yuan_and_fen(model: type[models.Model]) -> None:
    for field in model._meta.local_concrete_fields:
        if field.name.endswith("_yuan"):
            money = field.output_field if isinstance(field, models.GeneratedField) else field
            assert isinstance(money, models.DecimalField), field.name
            assert (money.max_digits, money.decimal_places) == (18, 2), field.name


@each_model
def test_the_ending_of_a_name_says_what_it_holds(model: type[models.Model]) -> None:
    for field in model._meta.local_concrete_fields:
        held = field.output_field if isinstance(field, models.GeneratedField) else field
        if field.name.endswith("_on"):
            assert isinstance(held, models.DateField), field.name
            assert not isinstance(held, models.DateTimeField), field.name
        if field.name.endswith("_by"):
            assert isinstance(held, models.ForeignKey), field.name


@each_model
def test_nothing_of_the_ledger_disappears_with_what_it_refers_to(model: type[models.Model]) -> None:
    cascading = {
        f"{model.__name__}.{field.name}"
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE
    }
    assert cascading <= {"PerformanceTarget.project", "IdempotencyKey.user"}
