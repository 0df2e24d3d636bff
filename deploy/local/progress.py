"""Numbered steps with their seconds, for a person who watches `make run` begin."""

import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class StepOutput:
    """A text stream that sets what a step prints below the step's own line."""

    def __init__(self) -> None:
        self.used = False
        self._at_line_start = True

    def write(self, text: str) -> int:
        """Print ``text``, every line of it indented."""
        if text and not self.used:
            self.used = True
            sys.stdout.write("\n")
        for line in text.splitlines(keepends=True):
            sys.stdout.write("        " + line if self._at_line_start else line)
            self._at_line_start = line.endswith("\n")
        self.flush()
        return len(text)

    def flush(self) -> None:
        """Show what was printed."""
        sys.stdout.flush()

    def isatty(self) -> bool:
        """Whether a person watches."""
        return sys.stdout.isatty()


@contextmanager
def step(number: int, of: int, name: str) -> Iterator[StepOutput]:
    """One numbered step: its name when it begins, its seconds when it is done."""
    sys.stdout.write(f"  {number:2}/{of}  {name} ")
    sys.stdout.flush()
    began = time.monotonic()
    output = StepOutput()
    yield output
    seconds = f"{time.monotonic() - began:.1f} s"
    say(
        f"        done in {seconds}" if output.used else f"{'.' * max(3, 50 - len(name))} {seconds}"
    )


def box(lines: list[tuple[str, str]]) -> str:
    """What a person needs to know, framed."""
    width = max(len(name) for name, _ in lines)
    texts = [f"  {name:<{width}}   {value}  " for name, value in lines]
    long = max(map(columns, texts))
    rule = "─" * long
    rows = [f"│{text}{' ' * (long - columns(text))}│" for text in texts]
    return "\n".join([f"┌{rule}┐", *rows, f"└{rule}┘"])


def columns(text: str) -> int:
    """How wide a terminal shows the text: a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
