"""Assets on the desk: registered on the project's page, kept up to date here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Panel, badge, link, reader
from assistance.admin.verbs import Verb, VerbForm, yuan_input
from assistance.models import User
from assistance.periods import local_day
from projects.actions import assets as keeping
from projects.actions import register_asset, strike_out_asset, update_asset
from projects.admin.acceptance import FROM_COMPLETION_ON, standing_of, strike_out
from projects.admin.lists import CountingFilter, LedgerAdmin
from projects.models import Asset, Project
from projects.models.acceptance import AssetCategory, AssetState

TONES = {AssetState.IN_USE: "good", AssetState.DISPOSED: "quiet"}  # the others are bad


class AssetForm(VerbForm):
    name = forms.CharField(label=_("Asset"), max_length=100)
    category = forms.ChoiceField(label=_("Category"), choices=AssetCategory)
    original_value_yuan = forms.DecimalField(
        label=_("Original value (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=yuan_input(),
    )
    registered_on = forms.DateField(label=_("Registered on"))
    owner = forms.CharField(
        label=_("Owner"),
        max_length=100,
        required=False,
        help_text=_("needed, like who keeps it, before the hand-over"),
    )
    manager = forms.CharField(label=_("Kept by"), max_length=100, required=False)
    cert_no = forms.CharField(label=_("Title no."), max_length=80, required=False)
    yearly_income_yuan = forms.DecimalField(
        label=_("Yearly income (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        widget=yuan_input(),
        help_text=_("of an operating asset"),
    )
    distribution = forms.CharField(
        label=_("How the income is shared"), max_length=200, required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["registered_on"].initial = local_day(timezone.now())


PROJECT_VERBS = (
    Verb(
        "register-asset",
        pgettext_lazy("verb", "Register an asset"),
        "projects.add_asset",
        register_asset,
        keeping.register_why_not,
        form=AssetForm,
        checks_version=False,
    ),
)


def project_panels(project: Project) -> Iterable[Panel]:
    """What the project left behind, from the completion on."""
    assets = list(project.assets.standing())
    if assets or (project.forms_asset and project.stage in FROM_COMPLETION_ON):
        yield _assets_panel(assets)


def _assets_panel(assets: list[Asset]) -> Panel:
    rows = [
        (
            link(asset),
            _asset_state(asset),
            asset.get_category_display(),
            plain_money(asset.original_value_yuan),
            asset.owner or "–",
            asset.manager or "–",
            asset.handed_over_on or "–",
        )
        for asset in assets
    ]
    return Panel(
        _("Assets"),
        (
            _("asset"), _("state"), _("category"), _("original value (yuan)"), _("owner"),
            _("kept by"), _("handed over on"),
        ),
        rows,
        _("No asset is registered yet."),
    )  # fmt: skip


def _asset_state(asset: Asset) -> SafeString:
    if asset.voided_at:
        return standing_of(asset)
    tone = TONES.get(AssetState(asset.state), "bad")
    return badge(asset.get_state_display(), tone)


@admin.register(Asset)
class AssetAdmin(LedgerAdmin):
    place = 62
    joins = ("project__pairing", "created_by", "updated_by")
    summed = "original_value_yuan"
    list_display = ["name", "standing", "category", "worth", "project_link", "owner", "manager"]
    list_filter = [CountingFilter, "state", "category"]
    search_fields = ["name", "owner", "cert_no", "project__code", "project__name"]
    no_form_of_its_own = True
    empty_list = _("Assets are registered on the page of their project.")
    readonly_fields = [
        "project", "name", "category", "registered_on", "handed_over_on", "voided_at",
        "void_reason", "worth_shown",
    ]  # fmt: skip
    fieldsets = [
        (
            _("What it is"),
            {
                "fields": [
                    "project", ("name", "category"), "worth_shown",
                    ("registered_on", "handed_over_on"),
                ]
            },
        ),
        (_("Whose it is"), {"fields": [("owner", "manager"), "cert_no"]}),
        (_("How it is doing"), {"fields": ["state", "yearly_income_yuan", "distribution"]}),
        (_("Struck out"), {"fields": [("voided_at", "void_reason")]}),
    ]  # fmt: skip
    verbs = (strike_out("projects.change_asset", strike_out_asset, keeping.update_why_not),)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or keeping.update_why_not(obj, reader(request)) is None)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return update_asset(row, by=by, now=now, version=version, **fields)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), _asset_state(row)),
            (_("Original value"), money(row.original_value_yuan)),
            (_("Owner"), row.owner or "–"),
            (_("Kept by"), row.manager or "–"),
            (_("Handed over on"), row.handed_over_on or "–"),
            (_("Project"), link(row.project)),
        )

    @admin.display(description=_("original value (yuan)"))
    def worth_shown(self, asset: Asset) -> SafeString:
        return money(asset.original_value_yuan)

    @admin.display(description=_("state"), ordering="state")
    def standing(self, asset: Asset) -> SafeString:
        return _asset_state(asset)

    @admin.display(description=_("original value (yuan)"), ordering="original_value_yuan")
    def worth(self, asset: Asset) -> SafeString:
        return plain_money(asset.original_value_yuan)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, asset: Asset) -> SafeString | str:
        return link(asset.project)
