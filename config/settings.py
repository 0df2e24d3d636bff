"""The one settings module; what differs between machines comes through ``config.env``."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from assistance.api.keys import PATTERNS
from config import env

ROOT = Path(__file__).resolve().parent.parent
PROFILE = env.one_of("PROFILE", env.PROFILES)
PRODUCTION = PROFILE == "production"

# ----------------------------------------------------------------------------------- the product

SITE_URL = env.web_address("SITE_URL", secure=PRODUCTION)
MAIL_FROM = env.text("MAIL_FROM")
FILES_DIR = env.directory("FILES_DIR", under=ROOT)
DONOR_CITY_CODE = env.text("DONOR_CITY_CODE")
PROGRAMME_OFFICE = env.text("PROGRAMME_OFFICE")
MAKE_UP_DAYS = env.whole_number("MAKE_UP_DAYS")
TRUSTED_PROXIES = env.whole_number("TRUSTED_PROXIES")

# ---------------------------------------------------------------------------------------- Django

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
PERSONAL_DATA_KEYS = env.keys("PERSONAL_DATA_KEYS")
PERSONAL_DATA_INDEX_KEY = env.another_key("PERSONAL_DATA_INDEX_KEY", than=PERSONAL_DATA_KEYS)
DEFAULT_EXCEPTION_REPORTER = "assistance.personal_numbers.MaskedReporter"
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "assistance.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    # first: the roles get their permissions after auth made them
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "reporting",
    "projects",
    "teams",
    "assistance",
    "config.apps.DeskConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "assistance.sessions.SessionEndsMiddleware",
    "assistance.requests.RequestIdMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "assistance.contention.ContentionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -------------------------------------------------------------------------------------- database

DATABASES = {"default": env.database("DATABASE_URL")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"]["OPTIONS"].setdefault(
    "options",
    f"-c statement_timeout={env.whole_number('STATEMENT_TIMEOUT_SECONDS') * 1000}"
    " -c lock_timeout=10000 -c idle_in_transaction_session_timeout=120000",  # milliseconds
)
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)  # seconds

# ------------------------------------------------------------------------- languages and the clock

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --------------------------------------------------------------------------------------- the door

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "admin:login"
OTP_TOTP_ISSUER = "Jiedui"

# Five failures close an account for half an hour, whatever address they come from: an attacker
# with many addresses gets no sixth guess, and one office behind one address cannot be locked out
# as a whole by one forgetful colleague. The pair with the address is the weaker rule and adds
# nothing; django-axes asks for an address in its own check.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = ["username", ["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "assistance.sessions.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "admin/desk/locked_out.html"

SESSION_COOKIE_AGE = 30 * 60  # seconds without a request
SESSION_SAVE_EVERY_REQUEST = True
SESSION_LASTS_AT_MOST = timedelta(hours=12)
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]  # asked from inside, where there is no TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# ------------------------------------------------------------------------------------ static files

STATIC_URL = "/static/"
STATIC_ROOT = env.directory("STATIC_DIR", under=ROOT)
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FILES_DIR},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # bytes

# ------------------------------------------------------------------------------------------ Celery

CELERY_BROKER_URL, _folders = env.broker("REDIS_URL")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True  # with max_retries=3 on every task
CELERY_TASK_SOFT_TIME_LIMIT = 540  # seconds
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = _folders or {
    "visibility_timeout": 3600,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "retry_on_timeout": True,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# -------------------------------------------------------------------------------------------- mail

SMTP = env.relay("EMAIL_URL")
RELAY_LOG = env.text("RELAY_LOG")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM

# --------------------------------------------------------------------------------------------- API

API_REQUESTS_PER_MINUTE = 600  # of one service account
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["assistance.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["assistance.api.permissions.MayAsk"],
    "DEFAULT_THROTTLE_CLASSES": ["assistance.api.throttling.PerAccount"],
    "DEFAULT_PARSER_CLASSES": ["assistance.api.wire.JsonBody"],
    "DEFAULT_RENDERER_CLASSES": ["assistance.api.wire.JsonAnswer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "assistance.api.wire.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "assistance.api.schema.Described",
    "EXCEPTION_HANDLER": "assistance.api.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jiedui API",
    "VERSION": "1",
    "DESCRIPTION": (
        "Send `Authorization: Bearer <token>` with every request and `Accept-Language: en` or "
        "`zh-hans`. Money is a string in yuan with two decimals, days are `YYYY-MM-DD`, instants "
        "are UTC, regions are GB/T 2260 codes. What you may not see answers 404 like what is not "
        "there; what a rule forbids answers 409 with the reason and what is open instead. A row's "
        "`ETag` is its version: changing it needs that version in `If-Match`. Parameters and keys "
        "that do not exist are errors. Follow `next` until it is null; a list that is ordered by "
        "`code` or `id` shows every row exactly once however long the walk takes."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChangeKind": "assistance.models.log.ChangeKind",
        "ProgrammeKind": "assistance.models.pairings.ProgrammeKind",
        "TargetKind": "projects.models.project.TargetKind",
        "PaperKind": "projects.models.evidence.PaperKind",
        "NoticeKind": "projects.models.evidence.NoticeKind",
        "ProgressStatus": "projects.models.history.ProgressStatus",
        "AcceptanceLevel": "projects.models.acceptance.AcceptanceLevel",
        "RegionLevel": "assistance.models.regions.RegionLevel",
        "AssetCategory": "projects.models.acceptance.AssetCategory",
        "AssetState": "projects.models.acceptance.AssetState",
        "AuditKind": "projects.models.audit.AuditKind",
        "FindingCategory": "projects.models.audit.FindingCategory",
        "FindingStatus": "projects.models.audit.FindingStatus",
        "FindingSource": "projects.models.audit.FindingSource",
        "FundSource": "projects.models.funds.Source",
        "PostingCategory": "teams.models.Category",
        "PostingState": "teams.models.PostingState",
        "ReturnState": "assistance.models.ReturnState",
        "FundPlanStatus": "projects.models.funds.FundPlanStatus",
        "TransferStatus": "projects.models.funds.TransferStatus",
        "ScopeKind": "assistance.api.me.SCOPE_KINDS",
        "StageEnum": "projects.models.road.Stage",
        "ChangeRequestKind": "projects.models.changes.ChangeKind",
        "AppliedForKind": "projects.api.changes.APPLIED_FOR",
        "ChangeRequestStatus": "projects.models.changes.ChangeStatus",
        "PaymentStatus": "projects.models.payments.PaymentStatus",
        "PaidSource": "projects.api.payments.PAID_SOURCES",
        "PlannedSource": "projects.api.money.PLANNED_SOURCES",
    },
    "PATH_CONVERTER_OVERRIDES": {
        "row_id": {"type": "integer", "minimum": 1},
        **{
            name: {"type": "string", "pattern": f"^{PATTERNS[name]}$"}
            for name in ("region_code", "programme_code", "project_code")
        },
    },
}

# -------------------------------------------------------------------------------------------- logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "assistance.personal_numbers.MaskedLine",
            "fmt": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR")),
    },
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
