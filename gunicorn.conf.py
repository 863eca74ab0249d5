"""How gunicorn runs the site; options on the command line win."""

import os

from django.conf import settings

from csat.startup import stop_if_refused

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "csat.settings.production")

worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 20
keepalive = 5
# A process that died is replaced by a fork within milliseconds; loading the application again takes seconds.
preload_app = True
# A worker is renewed now and then, not all at once, so that no leak lives for weeks.
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 4094
# Our own line per request has no address of a visitor and masks the keys in paths.
accesslog = None
forwarded_allow_ips = ",".join(settings.TRUSTED_PROXIES) or "127.0.0.1"

# Here and not in a hook: the application is loaded before the first hook, and would refuse less clearly.
stop_if_refused()
