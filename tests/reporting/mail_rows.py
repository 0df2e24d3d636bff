"""The least rows that a mail needs, and the moment at which they are made."""

import hashlib
import itertools
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from assistance.files import write_file
from assistance.models import Region, User
from assistance.models.rows import entered
from assistance.roles import Role
from assistance.scope import EVERYTHING, Scope
from reporting.actions import mail
from reporting.models import (
    Edition,
    EditionFile,
    Format,
    OutgoingMail,
    ReportDefinition,
    Subscription,
)
from reporting.models.editions import EditionStatus
from tests.factories import user_with

NOW = datetime(2026, 11, 10, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
CONTENT = {
    Format.TEXT: "演示:到位率 92.3%\n.一行以点开头\n".encode(),
    Format.HTML: "<p>演示:到位率 92.3%</p>\n".encode(),
    Format.XLSX: b"PK demo",
    Format.PDF: b"%PDF-1.7 demo",
}
number = itertools.count(1)


def reader(*roles: Role, **changes: Any) -> User:
    """A reader of the bureau, unless another role or region says otherwise."""
    named = f"reader{next(number)}"
    return user_with(
        *(roles or (Role.LEADER,)),
        **{"username": named, "email": f"{named}@example.org", "name": "演示读者", **changes},
    )


def edition(*, scope: Scope = EVERYTHING, language: str = "zh-hans", **changes: Any) -> Edition:
    """A released edition of October 2026 with its four files."""
    made = Edition.objects.create(
        **{
            "definition": ReportDefinition.objects.get(code="monthly"),
            "period_start": date(2026, 10, 1),
            "period_end": date(2026, 10, 31),
            "scope": scope.as_dict(),
            "scope_key": scope.key,
            "data_cutoff_at": NOW,
            "status": EditionStatus.RELEASED,
            "payload": {},
            "sha256": "0" * 64,
            "created_at": NOW,
            "built_at": NOW,
            "released_at": NOW,
            **changes,
        }
    )
    for fmt, content in CONTENT.items():
        path, sha256 = write_file(f"editions/{made.pk}/{language}.{fmt.value}", content)
        assert sha256 == hashlib.sha256(content).hexdigest()
        EditionFile.objects.create(
            edition=made,
            format=fmt,
            language=language,
            path=path,
            sha256=sha256,
            size=len(content),
            created_at=NOW,
        )
    return made


def subscribe(to: User, *, scope: Scope = EVERYTHING, **changes: Any) -> Subscription:
    """An order for the monthly report about everything or about a region."""
    region = Region.objects.get(code=scope.region) if scope.region else None
    return Subscription.objects.create(
        **{
            "definition": ReportDefinition.objects.get(code="monthly"),
            "reader": to,
            "scope_kind": scope.kind,
            "scope_region": region,
            "formats": [Format.XLSX, Format.PDF],
            "starts_on": date(2026, 1, 1),
            **entered(to, NOW),
            **changes,
        }
    )


def report(about: Edition, to: User, **changes: Any) -> OutgoingMail:
    """An edition's mail, queued."""
    return mail.queue_edition_mail(
        about,
        to,
        **{
            "language": "zh-hans",
            "formats": [Format.XLSX, Format.PDF],
            "subject": "对口工作月报 2026年10月(演示)",
            "now": NOW,
            **changes,
        },
    )


def notice(to: User, **changes: Any) -> OutgoingMail:
    """A notice, queued."""
    return mail.queue_notice(
        to,
        **{
            "event": f"demo:{next(number)}",
            "subject": "演示通知",
            "body": "演示内容\n",
            "now": NOW,
            **changes,
        },
    )


def again(row: OutgoingMail) -> OutgoingMail:
    """The row as the database has it now."""
    return OutgoingMail.objects.get(pk=row.pk)
