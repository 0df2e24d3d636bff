"""The steps of ``make run`` before anything is served."""

import pytest
from django.core.management import get_commands

from deploy.local import prepare


@pytest.mark.parametrize("name", [command[0] for _, command in prepare.STEPS])
def test_every_step_is_a_command_of_the_house(name: str) -> None:
    assert name in get_commands()


def test_without_the_demo_only_the_demo_is_left_out() -> None:
    everything, without = prepare.steps(demo=True), prepare.steps(demo=False)
    assert [one for one in everything if one not in without] == [
        ("Demo ledger", ("load_demo_ledger",))
    ]
