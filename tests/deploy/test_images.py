"""The compose file describes the same house as ``make run``."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config import env

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def test_the_processes_of_make_run_are_all_there(compose: dict[str, Any]) -> None:
    assert {"postgres", "redis", "web", "worker", "bell"} <= set(compose["services"])


def test_whatever_stays_up_is_watched(compose: dict[str, Any]) -> None:
    staying = {name for name, one in compose["services"].items() if one["restart"] != "no"}
    watched = {name for name, one in compose["services"].items() if "healthcheck" in one}
    assert staying == watched


def test_the_broker_keeps_its_queue_on_disk(compose: dict[str, Any]) -> None:
    command = compose["services"]["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"


@pytest.mark.parametrize("name", ["web", "worker", "bell", "tables"])
def test_our_own_containers_can_do_little(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_every_value_without_a_default_is_asked_for(compose: dict[str, Any]) -> None:
    settings = compose["services"]["web"]["environment"]
    required = {name for name, variable in env.VARIABLES.items() if variable.default is None}
    assert required <= set(settings)
    assert set(settings) <= set(env.VARIABLES)


def test_the_image_runs_as_nobody_special() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["jiedui"]
