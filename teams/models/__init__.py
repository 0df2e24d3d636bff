"""The people: batches and teams that are dispatched, persons, and their postings."""

from teams.models.batches import Batch, Team
from teams.models.endings import GRADES, Appraisal, AppraisalKind, Grade, Handover, Scale
from teams.models.erasures import Erasure
from teams.models.leaves import Leave, LeaveKind, LeaveState
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
    PostingExtension,
    PostingState,
    Term,
)

__all__ = [
    "GRADES",
    "Appraisal",
    "AppraisalKind",
    "Batch",
    "Category",
    "Direction",
    "Erasure",
    "Gender",
    "Grade",
    "GroupType",
    "Handover",
    "Leave",
    "LeaveKind",
    "LeaveState",
    "NumberKind",
    "NumberReading",
    "Particulars",
    "Person",
    "PersonalNumber",
    "Posting",
    "PostingExtension",
    "PostingState",
    "ReadingKind",
    "Scale",
    "Team",
    "Term",
]
