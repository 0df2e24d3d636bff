"""The product's settings, with what a test run needs otherwise.

Without DATABASE_URL or REDIS_URL the addresses are those of servers that ``conftest.py`` starts
when the first test asks for one, in a directory of this process alone. Of several processes that
share the tests each has servers and files of its own.
"""

import os
import tempfile
from pathlib import Path

from deploy.local import postgres, redis
from deploy.local.place import Place

_own = Path(tempfile.gettempdir()) / f"jiedui-test-{os.geteuid()}-{os.getpid()}"
PLACE = Place(data=_own, sockets=_own / "sockets", served=_own)
# said once, by the first process: those it starts inherit what it sets below
_given = os.environ.setdefault(
    "TESTED_ON", " ".join({"DATABASE_URL", "REDIS_URL"} & os.environ.keys())
)
OWN_POSTGRES = "DATABASE_URL" not in _given
OWN_REDIS = "REDIS_URL" not in _given and redis.program() is not None

os.environ.setdefault("PROFILE", "test")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:1")
os.environ |= {"FILES_DIR": str(PLACE.data / "files"), "STATIC_DIR": str(PLACE.data / "static")}
if OWN_POSTGRES:
    os.environ["DATABASE_URL"] = postgres.Postgres(PLACE).url
if "REDIS_URL" not in _given:
    os.environ["REDIS_URL"] = redis.Redis(PLACE).url if OWN_REDIS else "memory://"
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: E402, F403 - it reads what was set above
from config.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, and of no other use
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
