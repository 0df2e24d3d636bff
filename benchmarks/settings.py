"""The product's settings for a run of the benchmarks.

Without DATABASE_URL the server is one of this run alone, in a directory that goes with it.
"""

import os
import tempfile
from pathlib import Path

from deploy.local import postgres
from deploy.local.place import Place

_own = Path(tempfile.gettempdir()) / f"jiedui-bench-{os.geteuid()}"
PLACE = Place(data=_own, sockets=_own / "sockets", served=_own)
OWN_POSTGRES = "DATABASE_URL" not in os.environ

os.environ.setdefault("PROFILE", "test")
os.environ.setdefault("SECRET_KEY", "only-for-benchmarks-" * 4)
os.environ.setdefault("PERSONAL_DATA_KEYS", "ZW5jcnlwdHMtbnVtYmVycy1vbmx5LWZvci1iZW5jaC4")
os.environ.setdefault("PERSONAL_DATA_INDEX_KEY", "ZmluZHMtdGhlLW51bWJlcnMtb25seS1mb3ItYmVuY2g")
os.environ.setdefault("ALLOWED_HOSTS", "localhost")
os.environ.setdefault("SITE_URL", "http://localhost")
os.environ.setdefault("DATABASE_URL", postgres.Postgres(PLACE).url)
os.environ.setdefault("REDIS_URL", "memory://")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:1")
os.environ.setdefault("FILES_DIR", str(PLACE.data / "files"))
os.environ.setdefault("STATIC_DIR", str(PLACE.data / "static"))
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: E402, F403 - it reads what was set above
