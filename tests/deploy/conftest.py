"""A data directory of its own for each test that starts servers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.place import Place


def remove(place: Place) -> None:
    """Remove what a place has outside of the test's own directory."""
    for directory in {place.served, place.sockets} - {place.data, place.data / "sockets"}:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place.at(tmp_path / "data")
    yield found
    remove(found)
