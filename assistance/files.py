"""Files of the office: whole or not there, under a name that their row knows."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


def write_file(name: str, content: bytes) -> tuple[str, str]:
    """Write ``content`` under the directory of files; return its relative path and SHA-256.

    The bytes are on the disk before the name is: a crash or a full disk leaves no part of a file.
    """
    target = Path(settings.FILES_DIR) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return name, hashlib.sha256(content).hexdigest()


class FileChanged(Exception):  # noqa: N818  the file is at fault, not the program
    """The file is not there, or is not what its row says."""


def read_file(name: str, sha256: str) -> bytes:
    """Read what ``write_file`` wrote; FileChanged where it is gone or its SHA-256 is another."""
    try:
        content = (Path(settings.FILES_DIR) / name).read_bytes()
    except OSError as error:
        raise FileChanged(name) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileChanged(name)
    return content
