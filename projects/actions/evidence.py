"""Papers that prove a step, and public notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Attachment, User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.models import Paper, Project, PublicNotice


@transaction.atomic
def file_paper(
    project: Project,
    *,
    kind: str,
    attachment: Attachment,
    by: User,
    now: datetime,
    doc_no: str = "",
    remarks: str = "",
    **proves: Any,
) -> Paper:
    """File a paper of a project; ``proves`` names the row that it belongs to, if not the project
    (``progress_report``, ``notice``, ``payment``, ``acceptance`` or ``change_request``).
    """
    project = lock_project(project, by=by)
    require(project, "file_paper", by=by, now=now)
    return add_paper(
        project, kind=kind, attachment=attachment, by=by, now=now, doc_no=doc_no, remarks=remarks,
        **proves,
    )  # fmt: skip


def add_paper(
    project: Project,
    *,
    kind: str,
    attachment: Attachment,
    by: User,
    now: datetime,
    doc_no: str = "",
    remarks: str = "",
    **proves: Any,
) -> Paper:
    """A paper that comes with another verb; the caller holds the project's lock and has checked."""
    paper = Paper(
        project=project,
        kind=kind,
        attachment=attachment,
        filed_on=local_day(now),
        doc_no=doc_no.strip(),
        remarks=remarks.strip(),
        counted_at=now,
        counted_by=by,
        **proves,
        **entered(by, now),
    )
    paper.full_clean()
    paper.save()
    return paper


@transaction.atomic
def strike_out_paper(
    paper: Paper, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Paper:
    """Strike out a paper that was filed wrongly; only who filed it may."""
    seen = Paper.objects.visible_to(by).select_related("project").get(pk=paper.pk)
    lock_project(seen.project, by=by)
    paper = Paper.objects.lock_for(by, paper.pk, version=version)
    if paper.created_by_id != by.pk:
        raise PermissionDenied
    if paper.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    paper.void(by=by, now=now, reason=reason)
    return paper


@transaction.atomic
def give_notice(
    project: Project,
    *,
    kind: str,
    place: str,
    starts_on: date,
    ends_on: date,
    hotline: str,
    by: User,
    now: datetime,
    objections: str = "",
    resolution: str = "",
) -> PublicNotice:
    """Enter a public notice that has hung out; it counts once a reviewer confirmed it."""
    project = lock_project(project, by=by)
    require(project, "give_notice", by=by, now=now)
    if ends_on > local_day(now):
        raise ValidationError(
            {"ends_on": _("Enter the notice once its last day is over; objections come with it.")}
        )
    notice = PublicNotice(
        project=project,
        kind=kind,
        place=place.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        hotline=hotline.strip(),
        objections=objections.strip(),
        resolution=resolution.strip(),
        **entered(by, now),
    )
    notice.full_clean()
    notice.save()
    return notice


@transaction.atomic
def confirm_notice(
    notice: PublicNotice, *, by: User, now: datetime, version: int | None = None
) -> PublicNotice:
    """Confirm a notice; its objections have to be resolved."""
    if not by.has_perm("projects.confirm_publicnotice"):
        raise PermissionDenied
    seen = PublicNotice.objects.visible_to(by).select_related("project").get(pk=notice.pk)
    lock_project(seen.project, by=by)
    notice = PublicNotice.objects.lock_for(by, notice.pk, version=version)
    if notice.counted_at or notice.voided_at:
        raise Refused("notice_is_settled", _("This notice was confirmed or struck out already."))
    notice.require_other_hands(by, than=("created_by",))
    if notice.objections and not notice.resolution:
        raise Refused("objections_open", _("Say how the objections were resolved, then confirm."))
    notice.count(by=by, now=now)
    return notice


@transaction.atomic
def strike_out_notice(
    notice: PublicNotice, *, reason: str, by: User, now: datetime, version: int | None = None
) -> PublicNotice:
    """Strike out a notice: who entered it may before it counts, a reviewer afterwards."""
    seen = PublicNotice.objects.visible_to(by).select_related("project").get(pk=notice.pk)
    lock_project(seen.project, by=by)
    notice = PublicNotice.objects.lock_for(by, notice.pk, version=version)
    own_draft = notice.counted_at is None and notice.created_by_id == by.pk
    if not own_draft and not by.has_perm("projects.confirm_publicnotice"):
        raise PermissionDenied
    if notice.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    notice.void(by=by, now=now, reason=reason)
    return notice
