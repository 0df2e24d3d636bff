"""The desk: the admin site on which the offices work, behind a password and a second factor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UsernameField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from django_otp import devices_for_user
from django_otp.admin import OTPAdminAuthenticationForm, OTPAdminSite

from assistance.periods import local_day


class Waiting(NamedTuple):
    """Rows that wait for the reader, and the address of the list that shows exactly those."""

    label: str | Promise
    found: int
    url: str


class Figure(NamedTuple):
    """A figure of the year, and the address of the list that it sums or counts."""

    group: str | Promise
    label: str | Promise
    text: str
    hint: str
    url: str


class OnTheDesk:
    """What a page tells the desk about itself: its place, its waiting work, its figures."""

    place: ClassVar[int] = 100  # the order on the home page and in the margin
    shelf: ClassVar[str | Promise] = ""  # a heading of its own instead of the app's

    def waiting(self, request: HttpRequest, now: datetime) -> Iterable[Waiting]:
        """The work on this page that waits for the reader."""
        return ()

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        """The figures of ``year`` that the reader may see."""
        return ()


class LoginForm(OTPAdminAuthenticationForm):
    """Username, password and the six digits of the authenticator, on one page."""

    username = UsernameField(
        label=_("Username"), widget=forms.TextInput(attrs={"autofocus": True, "maxlength": 150})
    )
    otp_token = forms.CharField(
        label=_("Authenticator code"),
        required=False,
        help_text=_("Six digits from the authenticator on your phone."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 8}
        ),
    )
    error_messages = {
        **OTPAdminAuthenticationForm.error_messages,
        "invalid_login": _(
            "The username or the password is wrong. After five failures the account is closed"
            " for 30 minutes."
        ),
    }
    otp_error_messages = {
        **OTPAdminAuthenticationForm.otp_error_messages,
        "token_required": _("Enter the six digits that your authenticator shows."),
        "invalid_token": _(
            "This code does not fit. Wait for the next one, and check the clock of your phone."
        ),
        "device_required": _(
            "This account has no authenticator yet; ask the system administrator for one."
        ),
        "n_failed_attempts": ngettext_lazy(
            "A code was wrong %(failure_count)d time; wait a moment, then try again.",
            "Codes were wrong %(failure_count)d times; wait a moment, then try again.",
            "failure_count",
        ),
    }

    def _chosen_device(self, user: Any) -> Any:
        # an account has one authenticator: nobody has to choose
        return next(iter(devices_for_user(user)), None)


class Desk(OTPAdminSite):
    site_header = _("Jiedui · pairing assistance")
    site_title = _("Jiedui")
    index_title = _("Work of the day")
    site_url = None
    login_form = LoginForm
    login_template = "admin/login.html"
    index_template = "admin/desk/index.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")  # no row of the ledger is deleted

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Keep the pages of the house; those that libraries bring along stay away."""
        if admin_class is not None and issubclass(admin_class, OnTheDesk):
            super().register(model_or_iterable, admin_class, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        return context | {"languages": settings.LANGUAGES}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The pages in the order of the work, not of the alphabet."""
        shelves: dict[str, Any] = {}
        for app in super().get_app_list(request, app_label):
            for found in app["models"]:
                name = str(self._registry[found["model"]].shelf or app["name"])
                shelves.setdefault(name, {**app, "name": name, "models": []})
                shelves[name]["models"].append(found)
        for shelf in shelves.values():
            shelf["models"].sort(key=lambda found: self._registry[found["model"]].place)
        return sorted(
            shelves.values(), key=lambda shelf: self._registry[shelf["models"][0]["model"]].place
        )

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        now = timezone.now()
        year = local_day(now).year
        pages = sorted(self._registry.values(), key=lambda page: page.place)
        groups: dict[str, list[Figure]] = {}
        for page in pages:
            for figure in page.figures(request, year):
                groups.setdefault(str(figure.group), []).append(figure)
        work = {
            "waiting": [task for page in pages for task in page.waiting(request, now)],
            "figures": groups,
            "year": year,
            "today": local_day(now),
        }
        answer: HttpResponse = super().index(request, work | (extra_context or {}))
        return answer

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in; who chose no language on this machine reads the one of the account."""
        response: HttpResponse = super().login(request, extra_context)
        chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        if request.method == "POST" and request.user.is_authenticated and not chosen:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                getattr(request.user, "language", get_language()),
                max_age=settings.LANGUAGE_COOKIE_AGE,
                path=settings.LANGUAGE_COOKIE_PATH,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            )
        return response

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out; the next person at this machine begins in their own language."""
        response: HttpResponse = super().logout(request, extra_context)
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, path=settings.LANGUAGE_COOKIE_PATH)
        return response
