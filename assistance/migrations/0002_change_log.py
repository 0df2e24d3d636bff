"""Writes go into the change log, which nobody alters."""

from django.db import migrations

from assistance.change_log import append_only, logged, make_functions


class Migration(migrations.Migration):
    dependencies = [("assistance", "0001_initial")]

    operations = [
        make_functions(),
        append_only("assistance_change"),
        append_only("assistance_seal"),
        append_only("assistance_attachment"),
        logged("assistance_region"),
        logged("assistance_organisation"),
        logged("assistance_programme"),
        logged("assistance_pairing"),
        logged("assistance_setting"),
        logged("assistance_attachment"),
        logged("assistance_user"),
        logged("assistance_user_groups"),
        logged("assistance_user_user_permissions"),
        logged("assistance_apitoken"),
    ]
