"""The people: batches and teams that are dispatched, persons, and their postings."""

from teams.models.batches import Batch, Team
from teams.models.persons import Gender, Person
from teams.models.postings import (
    Category,
    Direction,
    GroupType,
    Posting,
    PostingState,
    Term,
)

__all__ = [
    "Batch",
    "Category",
    "Direction",
    "Gender",
    "GroupType",
    "Person",
    "Posting",
    "PostingState",
    "Team",
    "Term",
]
