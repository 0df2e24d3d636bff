"""Chance that comes out the same for the same seed, which is the whole point of it here."""

from random import Random


def lots(*name: object) -> Random:
    """The lots that belong to a name; the same name draws the same ones."""
    return Random(" ".join(map(str, name)))  # nosec B311  nothing here is a secret
