"""Writes to the tables of this app go into the change log."""

from django.db import migrations

from assistance.change_log import logged


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log"), ("projects", "0002_share_follows_its_plan")]

    operations = [
        logged("projects_project"),
        logged("projects_performancetarget"),
        logged("projects_yearplanentry"),
        logged("projects_stagechange"),
        logged("projects_progressreport"),
        logged("projects_fundplan"),
        logged("projects_transfer"),
        logged("projects_projectfunding"),
        logged("projects_payment"),
    ]
