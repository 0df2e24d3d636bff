"""What the environment may say, and how it is read.

``VARIABLES`` is the whole list; the settings table of the README is printed from it by
``python -m config.env``. A value that is missing or cannot be read raises ``ImproperlyConfigured``
with the name of the variable and what to do about it.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, TypeVar
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

PROFILES = ("production", "local", "test")
KEY_BYTES = 32
NEW_KEY = "the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


class SmtpRelay(TypedDict):
    """Where mail is handed over; ``tls`` is ``""``, ``"starttls"`` or ``"implicit"``."""

    host: str
    port: int
    user: str
    password: str
    tls: str


@dataclass(frozen=True)
class Variable:
    """One variable of the environment; ``default`` of None means it must be given."""

    name: str
    default: str | None
    meaning: str
    example: str


VARIABLES = {
    variable.name: variable
    for variable in (
        Variable(
            "PROFILE",
            "production",
            "`production` insists on TLS and on every value without a default; `make run` sets "
            "`local`, the tests set `test`",
            "production",
        ),
        Variable(
            "SECRET_KEY",
            None,
            "signs sessions; at least 50 random characters",
            "the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'",
        ),
        Variable(
            "PERSONAL_DATA_KEYS",
            None,
            "encrypt ID and telephone numbers: keys of 32 random bytes in base64, separated by "
            "commas, the newest first; an old one stays until `reencrypt_personal_data` has run. "
            "Whoever loses them loses the numbers: keep a copy apart from the database's",
            NEW_KEY,
        ),
        Variable(
            "PERSONAL_DATA_INDEX_KEY",
            None,
            "finds a person by the full number: one more such key, different from all of those",
            NEW_KEY,
        ),
        Variable(
            "ALLOWED_HOSTS", None, "host names served, separated by commas", "jiedui.example.org"
        ),
        Variable("SITE_URL", None, "address that mails link to", "https://jiedui.example.org"),
        Variable(
            "DATABASE_URL",
            None,
            "PostgreSQL 14 or later; `make run` and `make test` start their own when it is unset",
            "postgres://jiedui:password@db.example.org:5432/jiedui",
        ),
        Variable(
            "REDIS_URL",
            None,
            "the Celery broker: `redis://`, `rediss://`, `redis+socket://` or `filesystem://` with "
            "a directory; `make run` and `make test` start their own when it is unset",
            "redis://redis.example.org:6379/0",
        ),
        Variable(
            "EMAIL_URL",
            None,
            "the mail relay: `smtp://` (plain), `smtp+tls://` (STARTTLS) or `smtps://` (TLS from "
            "the first byte); `make run` starts a mailbox when it is unset",
            "smtp+tls://user:password@mail.example.org:587",
        ),
        Variable("MAIL_FROM", "jiedui@localhost", "sender of the mails", "jiedui@example.org"),
        Variable(
            "RELAY_LOG",
            "",
            "the relay's log (Postfix, RFC 3339 time stamps), if this machine can read it: a mail "
            "whose hand-over was cut short is looked up there; empty: a person decides",
            "/var/log/mail.log",
        ),
        Variable(
            "TRUSTED_PROXIES",
            "0",
            "how many reverse proxies stand in front; their X-Forwarded-For and X-Forwarded-Proto "
            "are believed, nobody else's",
            "1",
        ),
        Variable(
            "FILES_DIR",
            ".data/files",
            "where attachments and the files of editions are kept",
            "/srv/jiedui/files",
        ),
        Variable("STATIC_DIR", ".data/static", "where collectstatic gathers", "/srv/jiedui/static"),
        Variable(
            "DONOR_CITY_CODE",
            "330100",
            "GB/T 2260 code of the city whose desk this is",
            "330100",
        ),
        Variable(
            "PROGRAMME_OFFICE",
            "",
            "name of the office that signs the reports; empty: the donor city's name stands alone",
            "Paired Assistance Office",
        ),
        Variable(
            "MAKE_UP_DAYS",
            "400",
            "how many days back a missed period is still made up",
            "400",
        ),
        Variable(
            "STATEMENT_TIMEOUT_SECONDS",
            "60",
            "PostgreSQL ends a statement that runs longer",
            "60",
        ),
        Variable("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR", "INFO"),
        Variable(
            "PORT",
            "8000, or the next free one",
            "`make run` only: the port of the desk",
            "8080",
        ),
        Variable(
            "DATA_DIR",
            ".data",
            "`make run` only: where the databases, mails, files, logs and credentials are kept",
            "/srv/jiedui",
        ),
        Variable("DEMO", "1", "`make run` only: `0` leaves out the demo ledger", "0"),
    )
}

_env = environ.Env()


def wrong(name: str, cause: str) -> ImproperlyConfigured:
    """The one form in which a bad variable is reported."""
    return ImproperlyConfigured(
        f"{name} {cause}. Set it, for example {name}={VARIABLES[name].example}"
    )


def given(name: str) -> bool:
    """Whether the environment says anything for this variable."""
    return bool(_env.str(name, default=""))


def text(name: str) -> str:
    """The variable as text; its default when unset."""
    variable = VARIABLES[name]
    value: str = _env.str(name, default="")
    if value:
        return value
    if variable.default is None:
        raise wrong(name, f"is missing: {variable.meaning}")
    return variable.default


def _read(name: str, read: Callable[[str], T], wanted: str) -> T:
    value = text(name)
    try:
        return read(value)
    except ValueError as error:
        raise wrong(name, f"is {value!r}, which is not {wanted}") from error


def whole_number(name: str) -> int:
    """A number of at least 0."""

    def read(value: str) -> int:
        number = int(value)
        if number < 0:
            raise ValueError(value)
        return number

    return _read(name, read, "a whole number of at least 0")


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """One of the given words."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return _read(name, read, "one of " + ", ".join(choices))


def names(name: str) -> list[str]:
    """Several words separated by commas."""
    text(name)
    found: list[str] = _env.list(name)
    return [word.strip() for word in found if word.strip()]


def keys(name: str) -> list[bytes]:
    """Keys of 32 bytes in base64, each once, separated by commas; no message repeats one."""
    found = []
    for place, word in enumerate(names(name), 1):
        try:
            key = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES or len(set(key)) == 1:
            raise wrong(name, f"holds as its key no. {place} what is not 32 random bytes in base64")
        found.append(key)
    if len(set(found)) != len(found):
        raise wrong(name, "holds the same key twice")
    return found


def another_key(name: str, *, than: list[bytes]) -> bytes:
    """One key that is none of the others."""
    found = keys(name)
    if len(found) != 1:
        raise wrong(name, "has to be one key alone")
    if found[0] in than:
        raise wrong(name, "is one of the other keys; each key has one use")
    return found[0]


def directory(name: str, *, under: Path) -> Path:
    """A directory; a relative one is taken from ``under``."""
    return (under / text(name)).resolve()


def web_address(name: str, *, secure: bool) -> str:
    """An address without a slash at its end; https only where ``secure``."""

    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ({"https"} if secure else {"http", "https"}) or not parts.hostname:
            raise ValueError(value)
        return value.rstrip("/")

    return _read(name, read, "an https address" if secure else "a web address")


def database(name: str) -> dict[str, Any]:
    """Django's settings of a PostgreSQL database.

    A unix socket is written as libpq has it: ``postgres://user@/database?host=/directory``.
    """

    def read(value: str) -> dict[str, Any]:
        parts = urlsplit(value)
        if parts.scheme not in {"postgres", "postgresql"}:
            raise ValueError(value)
        found: dict[str, Any] = environ.Env.db_url_config(value)
        options = found.setdefault("OPTIONS", {})
        found["HOST"] = options.pop("host", None) or found["HOST"]
        found["PORT"] = options.pop("port", None) or found["PORT"]
        if not found["NAME"]:
            raise ValueError(value)
        return found

    try:
        return _read(name, read, "the address of a PostgreSQL database")
    except ImproperlyConfigured as error:
        if not given(name):
            raise
        # the address may carry a password, which no log should repeat
        raise wrong(name, "is not the address of a PostgreSQL database") from error.__cause__


def broker(name: str) -> tuple[str, dict[str, Any]]:
    """The broker's address as Celery reads it, and the directories of a file broker."""
    value = text(name)
    parts = urlsplit(value)
    if parts.scheme == "filesystem" and parts.path not in {"", "/"}:
        return "filesystem://", {
            "data_folder_in": f"{parts.path}/queue",
            "data_folder_out": f"{parts.path}/queue",
            "control_folder": f"{parts.path}/control",
        }
    if parts.scheme == "memory":
        return "memory://", {}
    if parts.scheme == "unix":
        return value.replace("unix://", "redis+socket://", 1), {}
    if parts.scheme in {"redis", "rediss", "redis+socket"}:
        return value, {}
    raise wrong(name, "is not the address of a Redis")


def relay(name: str) -> SmtpRelay:
    """The mail relay that EMAIL_URL names."""
    parts = urlsplit(text(name))
    ways = {"smtp": ("", 25), "smtp+tls": ("starttls", 587), "smtps": ("implicit", 465)}
    try:
        tls, port = ways[parts.scheme]
        if not parts.hostname:
            raise ValueError(name)
        return SmtpRelay(
            host=parts.hostname,
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
        )
    except (KeyError, ValueError) as error:
        raise wrong(name, "is not the address of a mail relay") from error


def table() -> str:
    """The settings table of the README, in Markdown."""
    rows = ["| variable | default | meaning | example |", "| --- | --- | --- | --- |"]
    for variable in VARIABLES.values():
        default = "required" if variable.default is None else f"`{variable.default}`"
        default = "empty" if variable.default == "" else default
        rows.append(
            f"| `{variable.name}` | {default} | {variable.meaning} | `{variable.example}` |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())  # noqa: T201 - printing is what this command is for
