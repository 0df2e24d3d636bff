"""What is owed when a posting ends: how the person did, and what was handed over to whom."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import LedgerQuerySet, LedgerRow, counted_by_other_hands, is_one_of
from teams.models.postings import Category, Posting


class AppraisalKind(models.TextChoices):
    ANNUAL = "ANNUAL", pgettext_lazy("appraisal", "annual")
    FINAL = "FINAL", pgettext_lazy("appraisal", "joint, at the end of the term")


class Scale(models.TextChoices):
    CIVIL = "CIVIL", _("civil servants")
    INSTITUTION = "INSTITUTION", _("staff of public institutions")


class Grade(models.TextChoices):
    """The grades of both scales; what they are called depends on the scale."""

    EXCELLENT = "EXCELLENT", pgettext_lazy("grade", "excellent")
    COMPETENT = "COMPETENT", pgettext_lazy("grade", "competent")
    BASIC = "BASIC", pgettext_lazy("grade", "basically competent")
    NOT_COMPETENT = "NOT_COMP", pgettext_lazy("grade", "not competent")
    QUALIFIED = "QUALIFIED", pgettext_lazy("grade", "qualified")
    BASICALLY_QUALIFIED = "BASIC_Q", pgettext_lazy("grade", "basically qualified")
    NOT_QUALIFIED = "NOT_QUAL", pgettext_lazy("grade", "not qualified")


# 公务员考核规定, art. 6 (2020), and 事业单位工作人员考核规定, art. 8 (2023): four grades each.
GRADES = {
    Scale.CIVIL: (Grade.EXCELLENT, Grade.COMPETENT, Grade.BASIC, Grade.NOT_COMPETENT),
    Scale.INSTITUTION: (
        Grade.EXCELLENT,
        Grade.QUALIFIED,
        Grade.BASICALLY_QUALIFIED,
        Grade.NOT_QUALIFIED,
    ),
}


def usual_scale(category: str) -> Scale:
    """The scale that people of a category are usually measured by."""
    return Scale.CIVIL if category == Category.CADRE else Scale.INSTITUTION


class AppraisalQuerySet(LedgerQuerySet["Appraisal"]):
    seen_through = "posting__pairing"
    business_day = "appraised_on"


class Appraisal(LedgerRow):
    """How somebody did in a year, or in the whole term. The recipient enters it; it counts once
    the sender's organisation division signed it too. A newer one takes the place of the older.
    """

    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="appraisals", verbose_name=_("posting")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=AppraisalKind)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    scale = models.CharField(_("scale"), max_length=11, choices=Scale)
    grade = models.CharField(_("grade"), max_length=9, choices=Grade)
    appraised_on = models.DateField(_("appraised on"))
    remarks = models.TextField(_("remarks"), blank=True)

    objects = AppraisalQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("appraisal")
        verbose_name_plural = _("appraisals")
        ordering = ["posting_id", "-appraised_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_appraisal", _("Can sign an appraisal for the sender"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="appraisal_of_a_year_or_of_the_term",
                condition=Q(kind=AppraisalKind.ANNUAL, year__isnull=False)
                | Q(kind=AppraisalKind.FINAL, year=None),
                violation_error_message=_("An annual appraisal is of a year, a final one of none."),
            ),
            CheckConstraint(
                name="appraisal_grade_is_on_its_scale",
                condition=Q(scale=Scale.CIVIL, grade__in=GRADES[Scale.CIVIL])
                | Q(scale=Scale.INSTITUTION, grade__in=GRADES[Scale.INSTITUTION]),
                violation_error_message=_("This grade is not on the chosen scale."),
            ),
            CheckConstraint(
                name="appraisal_kind_is_known", condition=is_one_of("kind", AppraisalKind.values)
            ),
            CheckConstraint(
                name="appraisal_grade_is_known", condition=is_one_of("grade", Grade.values)
            ),
            CheckConstraint(
                name="appraisal_scale_is_known", condition=is_one_of("scale", Scale.values)
            ),
            UniqueConstraint(
                name="one_appraisal_of_a_year_counts",
                fields=["posting", "year"],
                condition=Q(counted_at__isnull=False, voided_at=None, year__isnull=False),
            ),
            UniqueConstraint(
                name="one_final_appraisal_counts",
                fields=["posting"],
                condition=Q(counted_at__isnull=False, voided_at=None, year=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year or ''} · {self.posting.host_post}"


class HandoverQuerySet(LedgerQuerySet["Handover"]):
    seen_through = "posting__pairing"
    business_day = "handed_on"


class Handover(LedgerRow):
    """What somebody hands over on leaving a post. It counts once the front team, or the reviewer
    where there is none, has seen that it was taken over. A newer one takes the place of the older.
    """

    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="handovers", verbose_name=_("posting")
    )
    handed_on = models.DateField(_("handed over on"))
    items = models.TextField(_("items and duties"))
    open_projects = models.TextField(_("projects under way"))
    documents = models.TextField(_("documents"))
    receiver = models.CharField(
        _("taken over by"), max_length=60, help_text=_("the successor, or the leader of the team")
    )

    objects = HandoverQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = pgettext_lazy("people", "hand-over")
        verbose_name_plural = pgettext_lazy("people", "hand-overs")
        ordering = ["posting_id", "-handed_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_handover", _("Can confirm that a post was handed over"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="handover_says_what_and_to_whom",
                condition=~Q(items="") & ~Q(open_projects="") & ~Q(documents="") & ~Q(receiver=""),
            ),
            UniqueConstraint(
                name="one_handover_of_a_posting_counts",
                fields=["posting"],
                condition=Q(counted_at__isnull=False, voided_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.posting.host_post} · {self.handed_on}"
