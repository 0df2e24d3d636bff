"""What every test may ask for: servers, a clock, a browser."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from django.conf import settings
from django.utils import timezone, translation
from playwright.sync_api import Browser, sync_playwright

from deploy.local.place import private, servant
from deploy.local.postgres import CARELESS, Postgres
from deploy.local.redis import Redis
from tests import planted
from tests import settings as run


def pytest_configure() -> None:
    """Make the directory of this run, and remove those of runs that were killed."""
    for left in run.PLACE.data.parent.glob(f"jiedui-test-{os.geteuid()}-*"):
        if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    mode = 0o711 if servant() else 0o700
    private(run.PLACE.data, mode=mode)
    private(run.PLACE.sockets, mode=mode)
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(run.PLACE.data, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Redis: those of DATABASE_URL and REDIS_URL, else our own."""
    postgres, redis = Postgres(run.PLACE, settings=CARELESS), Redis(run.PLACE)
    try:
        if run.OWN_POSTGRES:
            postgres.start()
        if run.OWN_REDIS:
            redis.start()
        yield
    finally:
        redis.stop()
        postgres.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """The servers run before pytest-django makes the test database."""


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """At the end no number of any person may be found where it is not encrypted."""
    log = planted.listen(run.PLACE.data / "tests.log")
    yield
    log.close()
    with django_db_blocker.unblock():
        places = [run.PLACE.data, tmp_path_factory.getbasetemp()]
        found = [*planted.in_the_database(), *planted.in_files(*places)]
        if run.OWN_REDIS:
            found += planted.in_redis(str(settings.CELERY_BROKER_URL))
    if found:
        pytest.fail("personal numbers in clear:\n" + "\n".join(found))


@pytest.fixture
def redis_url(servers: None) -> str:
    """The address of a running Redis; without one the test is marked as not run."""
    url = settings.CELERY_BROKER_URL
    if not str(url).startswith(("redis", "rediss")):
        pytest.skip("not run: no redis-server or valkey-server on the PATH and REDIS_URL is unset")
    return str(url)


@pytest.fixture
def now() -> datetime:
    """A fixed moment: the morning of Monday, 15 June 2026, in Shanghai."""
    return datetime(2026, 6, 15, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def clean_language_and_clock() -> Iterator[None]:
    """Every test begins in the default language and time zone, whatever the one before it did."""
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()
    yield
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium from the PATH; without one the test is marked as not run."""
    wanted = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, wanted)), None)
    if found is None:
        pytest.skip("not run: no Chromium on the PATH")
    # Playwright keeps an event loop on this thread, and Django would refuse its queries there
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield opened
        opened.close()
