"""Named points of the road from a due period to a delivered mail.

At each of them the process may die: the tests kill it there and look at what comes of it.
"""

POINTS = (
    "edition-claimed",
    "figures-frozen",
    "file-rendered",
    "file-written",
    "edition-released",
    "mail-claimed",
    "letter-composed",
    "relay-ready",
    "hand-over-committed",
    "half-sent",
    "dot-sent",
    "reply-read",
)


def here(point: str) -> None:
    """The process passes ``point``. Nothing happens; a test puts its own function here."""
