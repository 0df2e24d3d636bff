"""How a posting is shown, on its own pages and on others."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.safestring import SafeString

from assistance.admin.scoped import badge, reader
from teams.models import Posting, PostingState

STATE_TONES = {
    PostingState.PLANNED: "open",
    PostingState.ACTIVE: "good",
    PostingState.ENDED: "quiet",
    PostingState.RECALLED: "bad",
    PostingState.CANCELLED: "quiet",
}


def sees_persons(request: HttpRequest) -> bool:
    """Whether names of persons may be shown to this reader."""
    return reader(request).has_perm("teams.view_person")


def state_badge(posting: Posting) -> SafeString:
    """The state in its tone."""
    return badge(posting.get_state_display(), STATE_TONES[PostingState(posting.state)])
