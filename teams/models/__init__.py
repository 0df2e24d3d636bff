"""The people: batches and teams that are dispatched, persons, and their postings."""

from teams.models.batches import Batch, Team
from teams.models.erasures import Erasure
from teams.models.numbers import (
    NumberKind,
    NumberReading,
    Particulars,
    PersonalNumber,
    ReadingKind,
)
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
    "Erasure",
    "Gender",
    "GroupType",
    "NumberKind",
    "NumberReading",
    "Particulars",
    "Person",
    "PersonalNumber",
    "Posting",
    "PostingState",
    "ReadingKind",
    "Team",
    "Term",
]
