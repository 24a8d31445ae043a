# The API alone; PostgreSQL is elsewhere (DATABASE_URL). `compose.yaml` has both. `make images` renews the versions.
FROM python:3.13.16-slim-bookworm AS build
WORKDIR /srv
COPY backend/requirements.txt ./
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.txt \
 && .venv/bin/pip check \
 && .venv/bin/pip uninstall --yes pip setuptools

FROM python:3.13.16-slim-bookworm
WORKDIR /srv
RUN useradd --system --no-create-home --uid 10001 patients \
 && pip uninstall --yes pip setuptools wheel
COPY --from=build /srv/.venv .venv
COPY backend/alembic.ini ./
COPY backend/alembic alembic
COPY backend/app app
COPY backend/scripts scripts
ENV PATH=/srv/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    LOG_FORMAT=json
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/health/live', timeout=4)"]
# SIGTERM reaches the server itself, and it ends with exit code 0. Migrations: `docker run … alembic upgrade head`.
CMD ["python", "-m", "app"]
