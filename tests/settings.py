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
# A process that shares the tests inherits the addresses that the one who started it made up for
# itself; what a test starts is to use those of its test.
_me = os.environ.get("PYTEST_XDIST_WORKER", "alone")
_whose, *_made_up = os.environ.get("SERVERS_OF", _me).split()
if _whose != _me:
    for _name in _made_up:
        del os.environ[_name]
_own_addresses = {
    "DATABASE_URL": postgres.Postgres(PLACE).url,
    "REDIS_URL": redis.Redis(PLACE).url if redis.program() else "memory://",
    "FILES_DIR": str(PLACE.data / "files"),
    "STATIC_DIR": str(PLACE.data / "static"),
}
_missing = _own_addresses.keys() - os.environ.keys()
OWN_POSTGRES = "DATABASE_URL" in _missing
OWN_REDIS = "REDIS_URL" in _missing and redis.program() is not None
for _name in _missing:
    os.environ[_name] = _own_addresses[_name]
if _missing:
    os.environ["SERVERS_OF"] = " ".join((_me, *_missing))

os.environ.setdefault("PROFILE", "test")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("PERSONAL_DATA_KEYS", "ZW5jcnlwdHMtbnVtYmVycy1vbmx5LWZvci10ZXN0cy4")
os.environ.setdefault("PERSONAL_DATA_INDEX_KEY", "ZmluZHMtdGhlLW51bWJlcnMtb25seS1mb3ItdGVzdHM")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:1")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: E402, F403 - it reads what was set above
from config.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, and of no other use
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
