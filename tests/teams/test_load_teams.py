"""The batch of 1 June 2021: declared headcounts, and nobody invented."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from assistance.actions.reference import load_reference
from teams.models import Batch, Person, Posting, Team

pytestmark = pytest.mark.django_db


def test_thirty_nine_are_declared_and_nobody_is_registered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_reference()
    call_command("load_teams")
    batch = Batch.objects.get()
    assert batch.dispatched_on == date(2021, 6, 1)
    assert batch.programme.code == "east_west"
    teams = {team.region.code: team.declared_headcount for team in batch.teams.all()}
    assert teams == {"513300": 27, "510800": 12}
    assert all(team.basis for team in batch.teams.all())
    assert not Person.objects.exists()
    assert not Posting.objects.exists()
    assert "2 teams of the batch of 2021-06-01: 2 added" in capsys.readouterr().out


def test_loading_twice_adds_nothing_and_leaves_what_was_edited(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_reference()
    call_command("load_teams")
    Team.objects.filter(region__code="510800").update(declared_headcount=13)
    call_command("load_teams")
    assert "0 added" in capsys.readouterr().out
    assert Team.objects.count() == 2
    assert Team.objects.get(region__code="510800").declared_headcount == 13


def test_without_regions_the_remedy_is_named() -> None:
    with pytest.raises(CommandError, match="run load_reference first"):
        call_command("load_teams")
    assert not Batch.objects.exists()
