"""The desk's pages of the people."""

from teams.admin import (
    batches,
    endings,
    erasures,
    extensions,
    leaves,
    numbers,
    persons,
    postings,
)

__all__ = [
    "batches",
    "endings",
    "erasures",
    "extensions",
    "leaves",
    "numbers",
    "persons",
    "postings",
]
