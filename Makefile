# Patients API: `make serve` runs it, `make test` proves it. Needs python3 (3.11 or newer) and make.
# Settings are environment variables, `make serve PORT=9000 SEED_FILE=mine.json` for example; backend/.env.example lists
# them.

PYTHON ?= python3
VENV := backend/.venv
NODE := backend/benchmarks/node_modules
PIP := $(VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary :all: --no-compile
RUN := cd backend && .venv/bin/python -m

# A relative path that make is given is meant from where one stands; in backend/.env it begins in backend/.
from_here = case "$$$1" in ""|/*) ;; *) export $1="$$PWD/$$$1" ;; esac;

.DEFAULT_GOAL := help
.PHONY: help serve reset test lint setup fix bench bench-migrate torture

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile | expand -t 20

serve: $(VENV)/.serve ## set up what is needed and serve http://127.0.0.1:8000/patients
	@$(call from_here,SEED_FILE) $(call from_here,DATA_DIR) cd backend && exec .venv/bin/python -m app

reset: $(VENV)/.serve ## begin anew: remove the embedded database and every patient in it (asks first; YES=1: does not)
	@$(call from_here,SEED_FILE) $(call from_here,DATA_DIR) cd backend && exec .venv/bin/python scripts/reset_data.py $(if $(filter 1,$(YES)),--yes)

test: lint ## set up what is needed and check everything: lint, format, types, tests, coverage
	$(RUN) pytest -n 4 --dist loadfile --cov --cov-report=term # `alembic check`: test_migrations.py

lint: $(VENV)/.test ## of that only lint, format, types; what each commit waits for
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

bench: $(VENV)/.test $(NODE)/.made ## measure it beside json-server, Fastify and its own limits, ~11 minutes (QUICK=1: one)
	$(RUN) benchmarks $(if $(QUICK),--quick)

bench-migrate: $(VENV)/.test ## measure the import of db.json beside psql's \copy of ready rows
	$(RUN) benchmarks.migration

torture: $(VENV)/.test ## the long form of the tests that kill, freeze, flood and race
	cd backend && TORTURE=1 .venv/bin/python -m pytest tests/integration/faults

setup: $(VENV)/.serve $(VENV)/.test ## install everything for serving and testing, run nothing

fix: $(VENV)/.test ## format the code, mend what the linter can, write anew what documents repeat of the code
	$(RUN) ruff format .
	$(RUN) ruff check --fix .
	$(RUN) tests.docs.regenerate

# A stamp says that the file it depends on is installed. Later runs look at nothing else. Compiling what the server imports
# takes two seconds, compiling every package ten.
$(VENV)/.serve: backend/requirements-embedded.txt | $(VENV)/.made
	@echo "Installing what serving needs into $(VENV) ..."
	@$(PIP) -r $<
	@cd backend && PYTHONDONTWRITEBYTECODE= .venv/bin/python -c 'import app.__main__, app.development'
	@touch $@

$(VENV)/.test: backend/requirements-dev.txt | $(VENV)/.made
	@echo "Installing what testing needs into $(VENV) ..."
	@$(PIP) -r $< && touch $@

$(NODE)/.made: backend/benchmarks/package-lock.json
	@cd backend/benchmarks && npm ci --silent && touch node_modules/.made

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv --clear $(VENV) && touch $@
