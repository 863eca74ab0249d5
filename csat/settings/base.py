"""What holds everywhere. The kinds of installation import this and change a few lines."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from csat import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

# --- who we are -------------------------------------------------------------------------
IS_PRODUCTION = False
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS") or [urlsplit(SITE_URL).hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# Only these peers may say, by X-Forwarded-*, who the visitor is and that the line is encrypted.
TRUSTED_PROXIES = env.names("TRUSTED_PROXIES")
# "web", "worker" or "command": how long a database statement may take depends on it.
PROCESS_KIND = env.text("PROCESS_KIND") or (
    "worker" if "celery" in sys.argv[0] else "web" if "gunicorn" in sys.argv[0] else "command"
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "surveys",
    "analytics",
    "csat",
]

MIDDLEWARE = [
    "csat.health.HealthMiddleware",
    "csat.middleware.TrustedProxyMiddleware",
    "csat.middleware.RequestLogMiddleware",
    "csat.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "csat.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "analytics.dashboards.counted_anew.CountedAnewMiddleware",
]

ROOT_URLCONF = "csat.urls"
WSGI_APPLICATION = "csat.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csat.context.actor_context",
            ],
        },
    },
]

# --- people -----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.MemberBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
PASSWORD_RESET_TIMEOUT = 60 * 60

# --- data -------------------------------------------------------------------------------
DATABASES = {
    "default": env.database(env.text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'csat.sqlite3'}"))
}
# Seconds; 0 is no limit. A page gives up early, a worker may compute, a migration may last.
STATEMENT_SECONDS = {"web": 10, "worker": 280, "command": 0}[PROCESS_KIND]
IDLE_TRANSACTION_SECONDS = {"web": 15, "worker": 120, "command": 0}[PROCESS_KIND]
LOCK_SECONDS = {"web": 5, "worker": 30, "command": 30}[PROCESS_KIND]
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 60,
        # Without it the first request of each process after a database restart fails.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            **DATABASES["default"]["OPTIONS"],
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
            f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_SECONDS}s",
        },
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads first and writes later would fail at once under WAL.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }

REDIS_URL = env.text("REDIS_URL")
CACHE_URL = env.text("CACHE_URL", REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
        "KEY_PREFIX": "csat",
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- words ------------------------------------------------------------------------------
LANGUAGE_CODE = env.text("DEFAULT_LANGUAGE", "en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

# --- files ------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Pages name hashed files only; the plain copies would be compressed for nobody.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "csat.staticfiles.CompressedHashedStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- mail -------------------------------------------------------------------------------
_mail = env.mail(env.text("EMAIL_URL", "console://"))
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "survey@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- work in the background -------------------------------------------------------------
TASK_SECONDS = 300
VISIBILITY_SECONDS = 900
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 60)
# Without a Redis the queue is a folder: one machine needs no server for it.
CELERY_BROKER_URL = REDIS_URL or "csat-folder://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # Longer than the longest task, else a task still running is handed out again.
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry_on_timeout": False,
        "health_check_interval": 25,
    }
    if REDIS_URL
    else {"folder": str(VAR_DIR / "queue")}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A page waits for nothing: what the broker misses, the sweep finds.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_EVENT_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = TASK_SECONDS
CELERY_TASK_SOFT_TIME_LIMIT = TASK_SECONDS - 30
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "surveys.sending.*": {"queue": "mail"},
    "analytics.*": {"queue": "scoring"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- API --------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # A view opens only what it declares in `required_permissions`.
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api_permissions.HasPermission"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.AccessKeyAuthentication",
        "accounts.authentication.SessionActorAuthentication",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.pagination.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttling.ActorThrottle"],
    "DEFAULT_THROTTLE_RATES": {"actor": "600/min"},
    "EXCEPTION_HANDLER": "accounts.api_errors.handle_error",
    # TrustedProxyMiddleware has already put the visitor's own address in place.
    "NUM_PROXIES": 0,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CSAT API",
    "DESCRIPTION": "Questionnaires, campaigns, answers and satisfaction values.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # The schema holds no data and is the same for everybody.
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums", "accounts.api_schema.add_problems",
    ],
    # Several things have a state; each list of states gets the name of its thing.
    "ENUM_NAME_OVERRIDES": {
        "CampaignState": "surveys.sending.models.CampaignState",
        "DeliveryState": "surveys.sending.models.DeliveryState",
        "ResponseState": "surveys.answering.models.ResponseState",
    },
}

# --- safety -----------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# plotly adds one empty <style> and fills it by script; this is the digest of nothing at all.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' {EMPTY_STYLE}",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'self'",  # the builder shows the answer page as customers see it
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
# A page behind these carries its key in the address: it is masked in logs and never sent as a referrer.
CHECKED_TOKEN_PATHS = ["/account/reset/", "/account/join/"]
"""Those whose forms Django's check against forged requests guards; the others have a check of their own."""
TOKEN_PATHS = ["/a/", "/u/", "/r/", "/e/", *CHECKED_TOKEN_PATHS]

# --- health and logs --------------------------------------------------------------------
# name: dotted path of a selector without arguments that returns when the oldest work that
# still waits should have been done, or None.
BACKLOGS: dict[str, str] = {
    "mail": "surveys.sending.selectors.get_oldest_due_at",
    "members": "accounts.selectors.get_oldest_unsent_invitation_at",
    "experts": "analytics.indicators.selectors.get_oldest_unsent_expert_at",
    "imports": "surveys.answering.take_back.get_oldest_asked_at",
    "results": "analytics.scoring.selectors.get_oldest_waiting_at",
}
BACKLOG_SECONDS = env.number("BACKLOG_SECONDS", 300)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "csat.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Our own line per request replaces these: it has no address of a visitor in it.
        "django.server": {"handlers": [], "propagate": False},
        "django.request": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        # It names the addresses of those who connect.
        "mail.log": {"level": "WARNING"},
    },
}
