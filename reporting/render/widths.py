"""How wide text is when every Latin letter takes one column and every ideograph two."""

import unicodedata


def width(text: str) -> int:
    """Return how many columns of a fixed-width font the text takes."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1
        for mark in text
    )


def padded(text: str, columns: int, *, right: bool) -> str:
    """Pad the text to so many columns, at its left if it is aligned to the right."""
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space
