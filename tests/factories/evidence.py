"""Papers and notices that are on file: rows as the verbs write them, without their forms."""

from __future__ import annotations

from datetime import date

from assistance.models import Attachment
from assistance.models.rows import entered
from assistance.periods import local_day
from assistance.roles import Role
from projects.models import Paper, Project, PublicNotice
from projects.models.evidence import NoticeKind, PaperKind
from tests import factories as make

NAME = "演示文件.pdf"


def attachment() -> Attachment:
    """The one file that all papers of a test are of; its bytes lie nowhere."""
    found = Attachment.objects.filter(name=NAME).first()
    return found or Attachment.objects.create(
        name=NAME,
        media_type="application/pdf",
        bytes=1,
        sha256="0" * 64,
        created_by=make.hand(Role.CLERK),
        created_at=make.at(date(2021, 6, 1)),
    )


def papers(project: Project, *kinds: PaperKind, on: date | None = None) -> list[Paper]:
    """Papers of these kinds, filed by the clerk."""
    by, now = make.hand(Role.CLERK), make.at(on) if on else make.NOW
    return Paper.objects.bulk_create(
        Paper(
            project=project,
            kind=kind,
            attachment=attachment(),
            filed_on=local_day(now),
            counted_at=now,
            counted_by=by,
            **entered(by, now),
        )
        for kind in kinds
    )


def notice(
    project: Project,
    kind: NoticeKind,
    starts_on: date,
    ends_on: date,
    *,
    confirmed: bool = True,
    objections: str = "",
    resolution: str = "",
) -> PublicNotice:
    """A notice that hung out on these days, entered by the clerk and confirmed by the reviewer."""
    now = make.at(ends_on, 20)
    counts = {"counted_at": now, "counted_by": make.hand(Role.REVIEWER)} if confirmed else {}
    return PublicNotice.objects.create(
        project=project,
        kind=kind,
        place="演示乡政府公示栏",
        starts_on=starts_on,
        ends_on=ends_on,
        hotline="0000-0000000",
        objections=objections,
        resolution=resolution,
        **counts,
        **entered(make.hand(Role.CLERK), now),
    )
