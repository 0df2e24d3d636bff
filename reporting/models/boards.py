"""Boards: rows of the ground floor with what the roof computes of them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from assistance.models import Agreement, PlanIndicator


class AgreementProgress(Agreement):
    """A signed agreement and where it stands."""

    class Meta:
        proxy = True
        verbose_name = _("progress of an agreement")
        verbose_name_plural = _("progress of agreements")
        default_permissions = ("view",)


class PlanProgress(PlanIndicator):
    """An indicator of the five-year plan and where it stands."""

    class Meta:
        proxy = True
        verbose_name = _("progress of the five-year plan")
        verbose_name_plural = _("progress of the five-year plan")
        default_permissions = ("view",)
