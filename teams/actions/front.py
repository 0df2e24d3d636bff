"""Whose turn it is: the front team's, or the reviewer's where a pairing has none."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from assistance.models import User
from assistance.roles import Role
from teams.models import Direction, Posting


def has_a_front_team(posting: Posting, user: User) -> bool:
    """Whether a front team works where somebody is posted; who comes in works in the donor's."""
    return posting.direction == Direction.OUT and any(
        posting.region.code.startswith(prefix) for prefix in user.regions_with_a_front_team
    )


def is_their_turn(posting: Posting, user: User) -> bool:
    """Whether ``user`` acts for the team of a posting."""
    return Role.FRONT in user.roles or not has_a_front_team(posting, user)


def require_front_or_reviewer(posting: Posting, by: User) -> None:
    """PermissionDenied for a reviewer where a front team works."""
    if not is_their_turn(posting, by):
        raise PermissionDenied
