"""Rows that count stay as they are."""

from django.db import migrations

from assistance.ledger_sql import keeps_rows, make_function


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log")]

    operations = [make_function(), keeps_rows("assistance_setting")]
