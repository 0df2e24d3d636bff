"""``make check``: every gate in turn, each with its verdict; 1 when one of them is shut."""

import os
import secrets
import subprocess  # nosec B404 - starting the checkers is the point
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
OURS = ("assistance", "projects", "teams", "reporting", "config", "deploy", "manage.py")
PRODUCTION = {
    "PROFILE": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "PERSONAL_DATA_KEYS": secrets.token_urlsafe(32),
    "PERSONAL_DATA_INDEX_KEY": secrets.token_urlsafe(32),
    "ALLOWED_HOSTS": "jiedui.example.org",
    "SITE_URL": "https://jiedui.example.org",
    "DATABASE_URL": "postgres://jiedui@db.example.org/jiedui",
    "REDIS_URL": "redis://redis.example.org/0",
    "EMAIL_URL": "smtps://mail.example.org",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
TESTS = {"DJANGO_SETTINGS_MODULE": "tests.settings"}


def never(output: str) -> str:
    """A gate that always gives a verdict."""
    return ""


def service_away(output: str) -> str:
    """Why the audit gave no verdict: its list of vulnerabilities is on the network."""
    signs = ("ConnectionError", "Max retries", "timed out", "Could not connect", "ServiceError")
    if any(sign in output for sign in signs):
        return "its service cannot be reached"
    unknown = output.count("could not be audited")
    return f"its service does not know {unknown} of the packages" if unknown else ""


@dataclass(frozen=True)
class Gate:
    """One checker: its command, and how to tell that it could not give a verdict."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    not_run: Callable[[str], str] = never


GATES = (
    Gate("style", (PYTHON, "-m", "ruff", "check", ".")),
    Gate("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Gate("types", (PYTHON, "-m", "mypy")),
    Gate(
        "import contracts",
        (PYTHON, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
    ),
    Gate("migrations", (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"), TESTS),
    Gate(
        "deployment",
        (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PRODUCTION,
    ),
    Gate("security", (PYTHON, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", *OURS)),
    Gate(
        "vulnerabilities",
        (
            *(PYTHON, "-m", "pip_audit", "--progress-spinner", "off", "--disable-pip"),
            *("--no-deps", "-r", "requirements.txt", "-r", "requirements-dev.txt"),
        ),
        not_run=service_away,
    ),
)


def passes(gate: Gate) -> bool:
    """Run one gate and print its verdict; what it said only where that matters."""
    began = time.monotonic()
    result = subprocess.run(  # nosec B603 - our own fixed commands
        gate.command,
        cwd=ROOT,
        env=os.environ | gate.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    output = result.stdout + result.stderr
    reason = gate.not_run(output)
    verdict = f"not run: {reason}" if reason else ("failed" if result.returncode else "ok")
    sys.stdout.write(f"{gate.name:<18} {verdict:<8} {seconds:5.1f} s\n")
    if verdict == "failed":
        sys.stdout.write(output + "\n")
    sys.stdout.flush()
    return verdict != "failed"


def main() -> int:
    """Run every gate, whatever the ones before it said."""
    verdicts = [passes(gate) for gate in GATES]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
