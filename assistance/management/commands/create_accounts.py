"""Create the demo accounts and write their credentials into a file."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.actions import accounts
from assistance.models import Region


class Command(BaseCommand):
    help = "Create one demo account per role, with password and second factor, and demo tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            type=Path,
            default=Path(os.environ.get("DATA_DIR", ".data")) / "credentials.json",
            help="file for the credentials, readable by its owner only",
        )
        parser.add_argument(
            "--in-production",
            action="store_true",
            help="make them although PROFILE is production, where they do not belong",
        )

    def handle(self, *args: Any, to: Path, in_production: bool, **options: Any) -> None:
        if settings.PRODUCTION and not in_production:
            raise CommandError(
                "This is a production installation; demo accounts do not belong here."
                " --in-production makes them all the same."
            )
        try:
            made = accounts.create_accounts(to, now=timezone.now())
        except Region.DoesNotExist as missing:
            raise CommandError("The regions are missing; run load_reference first.") from missing
        if made.file_was_lost:
            self.stdout.write(
                f"{to} was not there or damaged, and nobody can read a password back:"
                " all demo accounts have new passwords, second factors and tokens"
            )
        self.stdout.write(
            f"{made.accounts} accounts, {made.tokens} tokens: {len(made.renewed)} with new"
            f" credentials, in {to}"
        )
