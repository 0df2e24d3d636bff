"""``python -m tests.faults.walk POINT``: do what is due, and die by SIGKILL at the named point."""

import os
import signal
import sys

import django

from reporting import faults


def die_at(fatal: str) -> None:
    """Let the process die when it passes the point."""

    def here(point: str) -> None:
        if point == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    faults.here = here


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    die_at(sys.argv[1])
    call_command("tick", "--work")
