"""What a web server imports."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from csat.startup import list_refusals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "csat.settings.production")

application = get_wsgi_application()
if refusals := list_refusals():
    raise ImproperlyConfigured("\n".join(refusals))
