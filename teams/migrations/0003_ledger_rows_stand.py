"""Postings that count stay as they are, but for their end."""

from django.db import migrations

from assistance.ledger_sql import keeps_rows


class Migration(migrations.Migration):
    dependencies = [("assistance", "0003_ledger_rows_stand"), ("teams", "0002_log_changes")]

    operations = [
        keeps_rows(
            "teams_posting",
            "state",
            "planned_end",  # which follows the extensions, see 0005
            "end_on",
            "end_reason",
            "ended_at",
            "ended_by_id",
        ),
    ]
