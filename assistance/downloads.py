"""Kept files on their way out, by whatever door; the door has checked who may read them."""

from __future__ import annotations

import logging

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from assistance.actions.attachments import path_of
from assistance.files import FileChanged, read_file
from assistance.models import Attachment

log = logging.getLogger(__name__)


def handed_out(attachment: Attachment) -> HttpResponse:
    """The file as something to save, never to show: no browser runs what is in it or keeps it.

    Http404 and a line in the log where the file is no longer what its row says.
    """
    try:
        content = read_file(path_of(attachment.stored_as.hex), attachment.sha256)
    except FileChanged as fault:
        log.error("attachment %s is gone or changed: %s", attachment.pk, fault)
        raise Http404 from fault
    answer = HttpResponse(content, content_type=attachment.media_type)
    saved_as = content_disposition_header(as_attachment=True, filename=attachment.name)
    answer["Content-Disposition"] = saved_as or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
