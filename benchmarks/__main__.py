"""Build a ledger and print one line per goal; non-zero where one falls short.

SIZE=S, M or L chooses the ledger, ONLY=A1,P4 the goals, PLANS=file writes the plans down.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"


def main() -> int:
    """Build, ask, print."""
    from benchmarks import settings as run  # noqa: PLC0415 - it chooses the server
    from deploy.local.place import private, servant  # noqa: PLC0415
    from deploy.local.postgres import CARELESS, Postgres  # noqa: PLC0415

    if not run.OWN_POSTGRES:
        return measure()
    private(run.PLACE.data, mode=0o711 if servant() else 0o700)
    private(run.PLACE.sockets, mode=0o711 if servant() else 0o700)
    settings = (*CARELESS, "shared_buffers=1GB", "work_mem=64MB", "max_wal_size=8GB")
    postgres = Postgres(run.PLACE, settings=settings)
    try:
        postgres.start()
        return measure()
    finally:
        postgres.stop()
        shutil.rmtree(run.PLACE.data, ignore_errors=True)


def measure() -> int:
    """Ask every goal of a ledger of the size asked for; how many fell short."""
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up only now
    from django.db import connection  # noqa: PLC0415

    from benchmarks.asking import Answer, plan  # noqa: PLC0415
    from benchmarks.goals import GOALS  # noqa: PLC0415
    from benchmarks.ledger import SIZES, build  # noqa: PLC0415
    from projects.models import Project  # noqa: PLC0415

    size = os.environ.get("SIZE", "S")
    only = [name for name in os.environ.get("ONLY", "").split(",") if name] or [*GOALS]
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a load takes longer than any request may
    if not Project.objects.exists():
        began = time.perf_counter()
        build(SIZES[size])
        say(f"{SIZES[size].projects:,} projects, {SIZES[size].payments:,} payments,"
            f" built in {time.perf_counter() - began:.0f} s")  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), pg_size_pretty(pg_database_size(current_database()))")
        say(", ".join(cursor.fetchone()))
    short = 0
    plans: list[tuple[str, Answer]] = []
    for name in only:
        for line in GOALS[name]():
            say(str(line))
            short += not line.holds
            for what, answer in line.answers.items():
                if answer not in (earlier for _title, earlier in plans):
                    say(f"   {what or line.what}: {answer.seconds * 1000:.1f} ms")
                    plans.append((f"{line.goal} {what or line.what}", answer))
    if path := os.environ.get("PLANS"):
        text = (f"## {title}\n\n```\n{plan(answer.statement)}\n```\n" for title, answer in plans)
        Path(path).write_text("\n".join(text))
    return short


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main() > 0)
