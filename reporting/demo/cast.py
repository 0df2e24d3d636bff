"""Who acts in the demo: the demo accounts, and a clerk for every recipient's office."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import Group

from assistance.actions.attachments import keep_file
from assistance.actions.reference import timetable
from assistance.models import Attachment, Organisation, Region, User
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from reporting.demo.page import a_page


def _demo(username: str) -> User:
    return User.objects.select_related("organisation__region").get(username=username)


@dataclass
class Cast:
    """User.DoesNotExist where the demo accounts were not created."""

    clerk: User = field(default_factory=lambda: _demo("demo-clerk"))
    reviewer: User = field(default_factory=lambda: _demo("demo-reviewer"))
    approver: User = field(default_factory=lambda: _demo("demo-approver"))
    finance: User = field(default_factory=lambda: _demo("demo-finance"))
    org: User = field(default_factory=lambda: _demo("demo-org"))
    front: User = field(default_factory=lambda: _demo("demo-front"))
    _partners: dict[str, User] = field(default_factory=dict)
    _organisations: dict[tuple[OrganisationKind, str, str], Organisation] = field(
        default_factory=dict
    )
    _files: dict[str, Attachment] = field(default_factory=dict)

    def gather(self, regions: Iterable[Region], *, at: datetime) -> None:
        """Make, before anything is told, what more than one part of the demo would make."""
        self.photo(at)
        self.paper(at)
        timetable()
        for region in regions:
            self.partner(region)

    def organisation(self, kind: OrganisationKind, region: Region, name: str) -> Organisation:
        """The demo organisation of this kind and name in a region."""
        key = kind, region.code, name
        if key not in self._organisations:
            self._organisations[key], _new = Organisation.objects.get_or_create(
                kind=kind, region=region, name_zh=f"演示·{region.name_zh}{name}"
            )
        return self._organisations[key]

    def photo(self, now: datetime) -> Attachment:
        """The one picture that stands for all photographs of the demo, and says so."""
        content = (Path(__file__).parent / "photo.png").read_bytes()
        return self._kept("演示照片.png", content, now)

    def paper(self, now: datetime) -> Attachment:
        """The one page that stands for all other papers of the demo, and says so."""
        return self._kept("演示文件.pdf", a_page(), now)

    def _kept(self, name: str, content: bytes, now: datetime) -> Attachment:
        if name not in self._files:
            kept = Attachment.objects.filter(sha256=hashlib.sha256(content).hexdigest())
            self._files[name] = kept.first() or keep_file(
                content, name=name, by=self.clerk, now=now
            )
        return self._files[name]

    def partner(self, region: Region) -> User:
        """The clerk of a recipient's office: the demo account, or one that cannot sign in."""
        if region.code not in self._partners:
            self._partners[region.code] = self._find_partner(region)
        return self._partners[region.code]

    def on_site(self, region: Region) -> User:
        """Who verifies on site: the front team of the region, or the reviewer where none is."""
        return self.front if self.front.scope.region[:4] == region.code[:4] else self.reviewer

    def _find_partner(self, region: Region) -> User:
        office = self.organisation(OrganisationKind.RECIPIENT_OFFICE, region, "东西部协作办公室")
        there = User.objects.filter(
            organisation=office, is_service=False, groups__name=Role.P_EDIT.value
        )
        found = there.first()
        if found is None:
            # without a password and never staff: it acts in the demo's past and nowhere else
            found, _new = User.objects.get_or_create(
                username=f"demo-office-{region.code}",
                defaults={
                    "name": f"演示·{region.name_zh}填报人",
                    "organisation": office,
                    "is_service": True,
                },
            )
            found.set_unusable_password()
            found.save(update_fields=["password"])
            found.groups.set(Group.objects.filter(name=Role.P_EDIT.value))
        return User.objects.select_related("organisation__region").get(pk=found.pk)
