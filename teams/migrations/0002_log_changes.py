"""Writes to the tables of this app go into the change log."""

from django.db import migrations

from assistance.change_log import logged


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log"), ("teams", "0001_initial")]

    operations = [
        logged("teams_batch"),
        logged("teams_team"),
        logged("teams_person"),
        logged("teams_posting"),
    ]
