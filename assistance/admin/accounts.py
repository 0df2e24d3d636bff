"""Accounts and tokens on the desk: the system administrator opens them, the security administrator
grants what they may do; neither sees business data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

import qrcode
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathImage

from assistance.actions.tokens import issue_token, revoke_token
from assistance.actions.users import (
    amend_account,
    grant_roles_to,
    open_account,
    renew_second_factor,
    secret_of,
)
from assistance.admin.scoped import DeskForm, ScopedAdmin, badge, reader
from assistance.admin.verbs import Verb, VerbForm
from assistance.errors import Refused
from assistance.models import ApiToken, Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.models.users import TOKEN_DAYS
from assistance.roles import Role

ACCOUNTS = _("Accounts")
OFFICES = (
    OrganisationKind.BUREAU,
    OrganisationKind.ORG_DEPT,
    OrganisationKind.FRONT_TEAM,
    OrganisationKind.RECIPIENT_OFFICE,
    OrganisationKind.DONOR,
)


class RolesForm(VerbForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["roles"].initial = sorted(self.row.roles)


class NewAccountForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A new account; its password is for the first days, and a service account gets none."""

    refusal: ClassVar[BaseException | None] = None

    class Meta:
        model = User
        fields = ("username", "name", "email", "organisation", "language", "is_service")


def _person(user: User, by: User) -> Refused | None:
    if user.is_service:
        return Refused("service_account", _("A service account signs in by token only."))
    if user.pk == by.pk:
        return Refused("own_work", _("This is your own account; somebody else has to do this."))
    return None


@admin.register(User)
class UserAdmin(ScopedAdmin):
    place = 110
    shelf = ACCOUNTS
    joins = ("organisation",)
    list_display = ["username", "name", "organisation", "held_roles", "kind", "last_login"]
    list_filter = ["is_active", "is_service"]
    search_fields = ["username", "name"]
    ordering = ["username"]
    fieldsets = [
        (None, {"fields": ["username", ("name", "email"), "organisation", "language"]}),
        (_("Standing"), {"fields": ["is_active", "kind", "held_roles", "last_login"]}),
    ]
    readonly_fields = ["kind", "held_roles", "last_login"]
    verbs = (
        Verb(
            "grant-roles",
            _("Grant roles"),
            "assistance.grant_roles_user",
            grant_roles_to,
            _person,
            form=RolesForm,
            checks_version=False,
            explains=_("The account holds exactly the roles that are ticked here."),
        ),
        Verb(
            "renew-second-factor",
            _("Renew the authenticator"),
            "assistance.change_user",
            renew_second_factor,
            _person,
            checks_version=False,
            explains=_(
                "The old authenticator stops working at once. The new secret is shown one time."
            ),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)
        named = ["username", ("name", "email"), "organisation", "language", "is_service"]
        return [
            (None, {"fields": named}),
            (
                _("First password"),
                {
                    "fields": ["password1", "password2"],
                    "description": _("A service account needs none: it signs in by token."),
                },
            ),
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewAccountForm
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organisation":  # an administrator sees no region, but every office
            kwargs["queryset"] = Organisation.objects.filter(kind__in=OFFICES)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change or isinstance(form, DeskForm):
            super().save_model(request, obj, form, change)
            return
        password = form.cleaned_data.get("password1") or None
        open_account(obj, password=password, by=reader(request), now=timezone.now())

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return amend_account(row, fields, by=by)

    def after(self, request: HttpRequest, row: Any, verb: Verb, done: Any) -> HttpResponse:
        if verb.name != "renew-second-factor":
            return super().after(request, row, verb, done)
        picture = qrcode.make(done.config_url, image_factory=SvgPathImage).to_string().decode()
        return self.shown_once(
            request,
            row,
            title=_("New authenticator"),
            secret=secret_of(done),
            picture="data:image/svg+xml," + quote(picture),
        )

    @admin.display(description=_("roles"))
    def held_roles(self, user: User) -> str:
        labels = dict(Role.choices)
        held = [str(labels.get(group.name, group.name)) for group in user.groups.all()]
        return " · ".join(held) or "–"

    @admin.display(description=_("kind"))
    def kind(self, user: User) -> SafeString:
        if not user.is_active:
            return badge(_("closed"), "quiet")
        return (
            badge(_("service account"), "open") if user.is_service else badge(_("person"), "good")
        )


class TokenForm(DeskForm):
    days = forms.IntegerField(
        label=_("Valid for (days)"), min_value=1, max_value=TOKEN_DAYS, initial=TOKEN_DAYS
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "may_write")


def _living(token: ApiToken, by: User) -> Refused | None:
    if token.revoked_at is not None:
        return Refused("token_is_revoked", _("This token is revoked already."))
    return None


@admin.register(ApiToken)
class ApiTokenAdmin(ScopedAdmin):
    place = 112
    shelf = ACCOUNTS
    form = TokenForm
    joins = ("user", "created_by", "revoked_by")
    list_display = [
        "prefix", "name", "user", "may_write", "standing", "expires_at", "last_used_at",
    ]  # fmt: skip
    search_fields = ["prefix", "name"]
    ordering = ["-created_at"]
    never_edited = True  # a token is issued and revoked
    readonly_fields = [
        "prefix", "standing", "created_at", "created_by", "expires_at", "last_used_at",
        "revoked_at", "revoked_by",
    ]  # fmt: skip
    verbs = (
        Verb(
            "revoke",
            _("Revoke"),
            "assistance.change_apitoken",
            revoke_token,
            _living,
            checks_version=False,
            turns_down=True,
            explains=_("The partner's system is shut out at once; this cannot be undone."),
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["user", "name", "may_write", "days"]})]
        asked = ["user", "name", "may_write", *self.readonly_fields]
        return [(None, {"fields": asked})]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_service=True, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        fields = form.answers()
        token, plain = issue_token(**fields, by=reader(request), now=timezone.now())
        obj.pk, obj.plain = token.pk, plain  # kept on this object only, shown once
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.shown_once(request, obj, title=_("New token"), secret=obj.plain)

    @admin.display(description=_("standing"))
    def standing(self, token: ApiToken) -> SafeString:
        if token.revoked_at is not None:
            return badge(_("revoked"), "quiet")
        return badge(_("valid"), "good")
