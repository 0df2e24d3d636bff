"""Accounts: the people of the offices and the service accounts of partner systems."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.regions import Organisation
from assistance.models.rows import is_one_of
from assistance.roles import ADMINISTRATORS, Role
from assistance.scope import EVERYTHING, NOTHING, Scope, region_prefix

TOKEN_DAYS = 365


class Language(models.TextChoices):
    ZH = "zh-hans", "中文"
    EN = "en", "English"


class User(AbstractUser):
    """One person of one organisation, or one service account of a partner's system (no password,
    never staff).
    """

    first_name = None  # type: ignore[assignment]  # a Chinese name is one field
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("organisation"),
    )
    language = models.CharField(_("language"), max_length=7, choices=Language, default=Language.ZH)
    is_service = models.BooleanField(_("service account"), default=False)

    REQUIRED_FIELDS = ["name", "email"]

    class Meta(AbstractUser.Meta):
        default_permissions = ("add", "change", "view")
        permissions = [("grant_roles_user", _("Can grant roles"))]
        constraints = [
            CheckConstraint(
                name="service_account_is_never_staff",
                condition=Q(is_service=False) | Q(is_staff=False, is_superuser=False),
                violation_error_message=_(
                    "A service account signs in by token only; it cannot be staff."
                ),
            ),
            CheckConstraint(
                name="user_language_is_known", condition=is_one_of("language", Language.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """The role codes of this account; read once per request."""
        return frozenset(self.groups.values_list("name", flat=True))

    @cached_property
    def scope(self) -> Scope:
        """The part of the ledger that this account may see; read once per request."""
        if not self.is_active or self.roles & ADMINISTRATORS:
            return NOTHING
        if self.is_superuser:
            return EVERYTHING
        return self.organisation.scope if self.organisation else NOTHING

    @cached_property
    def regions_with_a_front_team(self) -> frozenset[str]:
        """The digits that the codes of all regions begin with in which a front team works; read
        once per request. What falls to the front team falls to the reviewer elsewhere.
        """
        teams = User.objects.filter(is_active=True, groups__name=Role.FRONT)
        codes = teams.values_list("organisation__region__code", flat=True).distinct()
        return frozenset(region_prefix(code) for code in codes if code)

    def may_write_for(self, *, recipient_id: int, donor_id: int) -> bool:
        """Whether this account keeps rows of a pairing: its own ones for a recipient or a donor,
        all for the bureau.

        A prefecture's office reads the rows of its counties but writes only those of its own
        pairing.
        """
        match self.scope.kind:
            case "all":
                return True
            case "recipient":
                return self.organisation is not None and self.organisation.region_id == recipient_id
            case "donor":
                return self.organisation is not None and self.organisation.region_id == donor_id
            case _:
                return False


class ApiToken(models.Model):
    """A bearer token of one service account. Only its digest is kept; the prefix finds the row."""

    user = models.ForeignKey(
        User, models.PROTECT, related_name="api_tokens", verbose_name=_("service account")
    )
    name = models.CharField(_("used by"), max_length=60)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    may_write = models.BooleanField(_("may write"), default=True)
    created_at = models.DateTimeField(_("issued at"), editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", editable=False, verbose_name=_("issued by")
    )
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("revoked by"),
    )
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="api_token_lives_at_most_a_year",
                condition=Q(expires_at__gt=F("created_at"))
                & Q(expires_at__lte=F("created_at") + timedelta(days=TOKEN_DAYS)),
                violation_error_message=_("A token expires after at most 365 days."),
            ),
            CheckConstraint(
                name="api_token_revoked_at_and_by",
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class IdempotencyKey(models.Model):
    """The reply to a request that a client may repeat, stored in the same transaction as its
    effect, for 30 days.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="idempotency_key_once_per_user", fields=["user", "key"])
        ]
        indexes = [models.Index(name="idempotency_key_age", fields=["created_at"])]

    def __str__(self) -> str:
        return self.key
