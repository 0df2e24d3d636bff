"""A small demo ledger for tests."""

from __future__ import annotations

from pathlib import Path

from assistance.actions.accounts import create_accounts
from assistance.actions.reference import load_reference
from reporting.demo.ledger import load_demo_ledger
from tests.factories import NOW


def fill(directory: Path, *, seed: int, projects: int, processes: int = 1) -> list[str]:
    """Load what a demo needs, and the demo as of ``NOW``; return what its loading said."""
    said: list[str] = []
    load_reference()
    create_accounts(directory / "credentials.json", now=NOW)
    load_demo_ledger(now=NOW, say=said.append, seed=seed, projects=projects, processes=processes)
    return said
