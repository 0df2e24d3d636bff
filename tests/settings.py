"""The product's settings, with what a test run needs otherwise.

Without DATABASE_URL or REDIS_URL the addresses are those of servers that ``conftest.py`` starts
when the first test asks for one, in a directory of this process alone.
"""

import os
import tempfile
from pathlib import Path

from deploy.local import postgres, redis
from deploy.local.place import Place

_own = Path(tempfile.gettempdir()) / f"jiedui-test-{os.geteuid()}-{os.getpid()}"
PLACE = Place(data=_own, sockets=_own / "sockets", served=_own)
OWN_POSTGRES = "DATABASE_URL" not in os.environ
OWN_REDIS = "REDIS_URL" not in os.environ and redis.program() is not None

os.environ.setdefault("PROFILE", "test")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("DATABASE_URL", postgres.Postgres(PLACE).url)
os.environ.setdefault("REDIS_URL", redis.Redis(PLACE).url if OWN_REDIS else "memory://")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:1")
os.environ.setdefault("FILES_DIR", str(PLACE.data / "files"))
os.environ.setdefault("STATIC_DIR", str(PLACE.data / "static"))
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: E402, F403 - it reads what was set above
from config.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, and of no other use
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
