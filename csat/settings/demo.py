"""One machine, no server to install: SQLite, a folder as the queue, a local mailbox."""

from csat import env

from .base import *
from .base import VAR_DIR

# This key guards demonstration data on the visitor's own machine and nothing else.
SECRET_KEY = env.text("SECRET_KEY", "demonstration-only-not-for-real-people-0123456789-abcdefgh")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 2)
MAIL_DIR = VAR_DIR / "mail"
VAR_DIR.mkdir(parents=True, exist_ok=True)

# What the start page shows; both people belong to the example team and to nothing else.
ROOT_URLCONF = "csat.demo.site"
DEMO_MAIL_FOLDER = MAIL_DIR
DEMO_LOGINS = [
    {"role": "staff", "name": "Demo Staff", "email": "staff@demo.example", "password": "demo-staff-2026"},
    {"role": "manager", "name": "Demo Manager", "email": "manager@demo.example", "password": "demo-manager-2026"},
]

# On one machine compressing would take longer than sending: the demo starts seconds sooner without.
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "csat.staticfiles.HashedStorage"},
}
