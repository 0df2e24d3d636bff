"""Prove the earlier particulars of persons by the fingerprints in the sealed change log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

ALTERED = """
    SELECT p.id FROM teams_particulars p
    LEFT JOIN assistance_change c ON c."table" = 'teams_particulars' AND c.row = p.id
         AND c.kind = 'I' AND c.after->>'fingerprint' = p.fingerprint
    WHERE c.id IS NULL
       OR p.salt IS NOT NULL
          AND particulars_fingerprint(p.salt, p.before, p.after) <> p.fingerprint
       OR p.salt IS NULL
          AND NOT EXISTS (SELECT FROM teams_person q WHERE q.id = p.person_id
                          AND q.erased_at IS NOT NULL)
    ORDER BY p.id
"""
MOST_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Recompute the fingerprints of earlier names, units and ranks and compare them with the"
        " change log; verify_log proves the log itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(ALTERED)
            altered = [pk for (pk,) in cursor.fetchall()]
            cursor.execute("SELECT count(*) FROM teams_particulars")
            there = cursor.fetchone()[0]
        if altered:
            shown = ", ".join(map(str, altered[:MOST_SHOWN]))
            raise CommandError(f"{len(altered)} of {there} rows were altered: {shown}")
        self.stdout.write(f"{there} rows, none altered")
