# One image for web, worker and beat; the compose file chooses the command.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/base.txt .
RUN python -m venv /opt/csat && /opt/csat/bin/pip install --require-hashes --only-binary :all: -r base.txt

FROM python:3.12-slim
ENV PATH=/opt/csat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CSAT_NO_BOOTSTRAP=1 \
    DJANGO_SETTINGS_MODULE=csat.settings.production \
    VAR_DIR=/var/lib/csat
RUN useradd --system --uid 10001 --home-dir /nonexistent csat && install -d -o csat /var/lib/csat
COPY --from=build /opt/csat /opt/csat
WORKDIR /app
COPY . .
# The demo's settings need no secret, so that none can stay behind in a layer.
RUN python -m csat.catalogues \
    && DJANGO_SETTINGS_MODULE=csat.settings.demo VAR_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
USER csat
EXPOSE 8000
CMD ["gunicorn", "csat.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--no-control-socket"]
