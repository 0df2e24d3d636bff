"""Writes to the tables of this app go into the change log."""

from django.db import migrations

from assistance.change_log import logged


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log"), ("reporting", "0001_initial")]

    operations = [
        logged("reporting_reportdefinition"),
        logged("reporting_subscription"),
        logged("reporting_edition", "payload", "claimed_until"),
    ]
