"""The steps between an empty database and one that can be worked with, in one process.

Every step may be taken again: the second time it finds its work done. They run in one process
because starting Python and Django anew for each of them would take longer than the steps.
"""

import argparse
import os
import sys
from collections.abc import Sequence

import django
from django.core.management import CommandError, call_command

from deploy.local.progress import step

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Tables", ("migrate", "--verbosity=0")),
    ("Static files", ("collectstatic", "--no-input", "--verbosity=0")),
    ("Regions and pairings", ("load_reference",)),
    ("Published quotas", ("load_fund_plans",)),
    ("Teams", ("load_teams",)),
    ("Accounts", ("create_accounts",)),
    ("Demo ledger", ("load_demo_ledger",)),
    ("Last month's report", ("close_month",)),
)
DEMO_ONLY = "load_demo_ledger"


def steps(*, demo: bool) -> list[tuple[str, tuple[str, ...]]]:
    """The steps in order, with or without the demo ledger."""
    return [one for one in STEPS if demo or one[1][0] != DEMO_ONLY]


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the steps, numbered from ``--first`` of ``--of``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--of", type=int, default=len(STEPS))
    parser.add_argument("--without-demo", action="store_true")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for number, (name, command) in enumerate(steps(demo=not chosen.without_demo), chosen.first):
        with step(number, chosen.of, name) as output:
            try:
                call_command(*command, stdout=output)
            except CommandError as cause:
                output.write(f"{cause}\n")  # a sentence for a person; a traceback would bury it
                sys.exit(1)


if __name__ == "__main__":
    main()
