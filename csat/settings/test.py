"""The test suite: real servers whose addresses tests/services puts into the environment."""

from pathlib import Path

from csat import env

from .base import *
from .base import VAR_DIR

SECRET_KEY = env.text("SECRET_KEY", "only-for-the-test-suite-0123456789-abcdefghijklmnopqrstuvw")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "127.0.0.1,localhost,testserver")
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 2)
# Hashing a password well takes a tenth of a second, thousands of times in a suite.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = Path(env.text("TEST_STATIC_ROOT", str(VAR_DIR / "test-static")))
if not env.flag("TEST_SERVER"):
    # Pages of the test client need no collected files; those of the real server do.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
# Where a test lets a worker die, see surveys/sending/failpoints.py.
FAILPOINT = env.text("CSAT_FAILPOINT")
# Only for processes that lead a group of their own: the whole group dies.
FAILPOINT_GROUP = env.flag("CSAT_FAILPOINT_GROUP")
