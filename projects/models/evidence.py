"""What proves a step: papers on file, and notices that people could object to."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Attachment
from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of
from projects.models.project import OfProjectQuerySet, Project


class PaperKind(models.TextChoices):
    APPLICATION = "APPLICATION", pgettext_lazy("paper", "application")
    APPRAISAL = "APPRAISAL", pgettext_lazy("paper", "appraisal")
    OPINION = "OPINION", pgettext_lazy("paper", "front team's opinion")
    CONSENT = "CONSENT", pgettext_lazy("paper", "donor's consent")
    DECISION = "DECISION", pgettext_lazy("paper", "county's decision")
    PLAN = "PLAN", pgettext_lazy("paper", "implementation plan")
    AWARD = "AWARD", pgettext_lazy("paper", "letter of award")
    CONTRACT = "CONTRACT", pgettext_lazy("paper", "contract")
    PHOTO = "PHOTO", pgettext_lazy("paper", "photograph")
    NOTICE = "NOTICE", pgettext_lazy("paper", "public notice")
    CLAIM = "CLAIM", pgettext_lazy("paper", "claim or invoice")
    ACCEPTANCE = "ACCEPTANCE", pgettext_lazy("paper", "acceptance form")
    AUDIT = "AUDIT", pgettext_lazy("paper", "audit report")
    HANDOVER = "HANDOVER", pgettext_lazy("paper", "hand-over sheet or title")
    EVALUATION = "EVALUATION", pgettext_lazy("paper", "score sheet")
    CHANGE = "CHANGE", pgettext_lazy("paper", "file of a change")
    OTHER = "OTHER", pgettext_lazy("paper", "other")


class PaperQuerySet(OfProjectQuerySet["Paper"]):
    business_day = "filed_on"


class Paper(LedgerRow):
    """A file of a project and what it is. It counts from its filing on; a wrong one is struck out.

    ``progress_report`` and its like say which row of the project it proves; none: the project.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="papers", verbose_name=_("project")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=PaperKind)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, related_name="papers", verbose_name=_("file")
    )
    filed_on = models.DateField(_("filed on"), editable=False)
    doc_no = models.CharField(_("document no."), max_length=80, blank=True)
    remarks = models.CharField(_("remarks"), max_length=200, blank=True)
    progress_report = models.ForeignKey(
        "projects.ProgressReport",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("progress report"),
    )
    notice = models.ForeignKey(
        "projects.PublicNotice",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("public notice"),
    )
    payment = models.ForeignKey(
        "projects.Payment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("payment"),
    )
    acceptance = models.ForeignKey(
        "projects.Acceptance",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("acceptance"),
    )
    change_request = models.ForeignKey(
        "projects.ChangeRequest",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("change request"),
    )

    objects = PaperQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["project_id", "-id"]
        default_permissions = ("add", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="paper_kind_is_known", condition=is_one_of("kind", PaperKind.values)
            ),
        ]
        indexes = [models.Index(fields=["project", "kind"], name="paper_of_project")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.attachment}"


class NoticeKind(models.TextChoices):
    PRE = "PRE", pgettext_lazy("notice", "before admission")
    PLAN = "PLAN", pgettext_lazy("notice", "of the plan")
    DONE = "DONE", pgettext_lazy("notice", "after completion")


class PublicNoticeQuerySet(OfProjectQuerySet["PublicNotice"]):
    business_day = "starts_on"


class PublicNotice(LedgerRow):
    """A notice that hung out from ``starts_on`` to ``ends_on``, both included, and what people
    objected. It counts once a reviewer confirmed it.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="notices", verbose_name=_("project")
    )
    kind = models.CharField(_("kind"), max_length=4, choices=NoticeKind)
    place = models.CharField(_("where it hung"), max_length=120)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    hotline = models.CharField(_("telephone for objections"), max_length=30)
    objections = models.TextField(_("objections"), blank=True)
    resolution = models.TextField(
        _("how they were resolved"), blank=True, help_text=_("needed where somebody objected")
    )

    objects = PublicNoticeQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("public notice")
        verbose_name_plural = _("public notices")
        ordering = ["project_id", "-starts_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_publicnotice", _("Can confirm a public notice"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="notice_kind_is_known", condition=is_one_of("kind", NoticeKind.values)
            ),
            CheckConstraint(
                name="notice_days_in_order",
                condition=Q(starts_on__lte=F("ends_on")),
                violation_error_message=_("The last day lies before the first."),
            ),
            CheckConstraint(
                name="notice_objections_are_resolved_before_it_counts",
                condition=Q(counted_at=None) | Q(objections="") | ~Q(resolution=""),
                violation_error_message=_("Say how the objections were resolved."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.starts_on} – {self.ends_on}"

    @property
    def days(self) -> int:
        """How many days it hung out, the first and the last included."""
        return (self.ends_on - self.starts_on).days + 1
