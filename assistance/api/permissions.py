"""Whether a caller may do at all what the request asks; where, is the business of the row scope.

Nothing here may import ``rest_framework.views``, which imports this module while it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from assistance.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


class MayAsk(BasePermission):
    """A known caller, a token that may write where the request writes, and the permission that the
    resource names in ``permission`` (none for one's own account).
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """False without a token (401) or without the resource's permission (403)."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        if request.method not in SAFE_METHODS and not token.may_write:
            raise PermissionDenied(
                _("This token is for reading only; ask the programme office for one that writes."),
                code="read_only_token",
            )
        permission: str = getattr(view, "permission", "")
        return not permission or bool(request.user.has_perm(permission))
