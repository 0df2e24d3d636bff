"""The desk: the admin site on which the offices work, behind a password and a second factor."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_otp.admin import OTPAdminSite


class Desk(OTPAdminSite):
    site_header = _("Jiedui · pairing assistance")
    site_title = _("Jiedui")
    index_title = _("Work of the day")
