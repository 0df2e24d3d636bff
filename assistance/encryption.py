"""Short secrets at rest: AES-256-GCM under rotating keys, and keyed blind indices to find them by.

``PERSONAL_DATA_KEYS`` holds the keys, the newest first: it encrypts, and all of them decrypt.
``PERSONAL_DATA_INDEX_KEY`` makes the indices. Why so: docs/adr/0018.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

FORM = b"\x01"  # of what is kept: form, name of the key, nonce, ciphertext with its tag
_NAME_BYTES, _NONCE_BYTES = 4, 12
KEY_BYTES = 32


class Unreadable(Exception):  # noqa: N818  an answer for whoever holds the keys
    """No key in hand opens this, or it is not what was once kept in this place."""


def encrypt(text: str, *, bound_to: str) -> bytes:
    """``text`` under the newest key. It opens only with the same ``bound_to``, so it is of no use
    when moved to another row.
    """
    key = settings.PERSONAL_DATA_KEYS[0]
    nonce = os.urandom(_NONCE_BYTES)
    return FORM + key_name(key) + nonce + _aead(key).encrypt(nonce, text.encode(), _with(bound_to))


def decrypt(kept: bytes, *, bound_to: str) -> str:
    """What ``encrypt`` was given; Unreadable where its key is gone or anything was altered."""
    name, rest = kept[1 : 1 + _NAME_BYTES], kept[1 + _NAME_BYTES :]
    for key in settings.PERSONAL_DATA_KEYS:
        if kept[:1] == FORM and key_name(key) == name:
            try:
                nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
                return _aead(key).decrypt(nonce, sealed, _with(bound_to)).decode()
            except (InvalidTag, ValueError):
                break
    raise Unreadable


def newest_key() -> bytes:
    """With what everything begins that the newest key encrypted."""
    return FORM + key_name(settings.PERSONAL_DATA_KEYS[0])


def blind_index(text: str, *, of: str) -> bytes:
    """32 bytes that are the same for the same ``text`` of the same kind ``of``, and tell nothing
    to who does not hold the key.
    """
    said = f"{of}\0{text}".encode()
    return hmac.digest(settings.PERSONAL_DATA_INDEX_KEY, said, "sha256")


@lru_cache(maxsize=16)
def key_name(key: bytes) -> bytes:
    """Four bytes by which a ciphertext says under which key it lies."""
    return hashlib.sha256(b"jiedui key name\0" + key).digest()[:_NAME_BYTES]


@lru_cache(maxsize=16)
def _aead(key: bytes) -> AESGCM:
    return AESGCM(key)


def _with(bound_to: str) -> bytes:
    return FORM + bound_to.encode()
