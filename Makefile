# Patients API: `make serve` runs it, `make test` proves it. Needs python3 (3.11 or newer) with venv, and make.
# Settings are environment variables, `make serve PORT=9000 SEED_FILE=mine.json` for example; backend/.env.example lists
# them.

PYTHON ?= python3
VENV := backend/.venv
NODE := backend/benchmarks/node_modules
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
RUN := cd backend && .venv/bin/python -m

# A relative path that make is given is meant from where one stands; in backend/.env it begins in backend/.
# That is where `make -C` was typed, too: it says so by a flag, and the shell by PWD.
export STANDING_IN := $(if $(findstring w,$(firstword -$(MAKEFLAGS))),$(PWD),$(CURDIR))
from_here = case "$$$1" in ""|/*) ;; *) export $1="$$STANDING_IN/$$$1" ;; esac;

.DEFAULT_GOAL := help
.PHONY: help serve declare reset test lint setup fix locks images bench bench-migrate torture cutover-demo

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile | expand -t 20

serve: $(VENV)/.serve ## set up what is needed and serve http://127.0.0.1:8000/patients
	@$(call from_here,SEED_FILE) $(call from_here,DATA_DIR) cd backend && exec .venv/bin/python -m app

declare: $(VENV)/.test ## write the code that serves FILE=your/db.json (ONLY=a,b: of these lists; DRY_RUN=1: say it only)
	@$(if $(FILE),,echo "Which file? make declare FILE=../their/db.json" >&2; exit 2;) $(call from_here,FILE) \
		cd backend && exec .venv/bin/python scripts/declare.py "$$FILE" $(if $(ONLY),--only "$$ONLY") $(if $(filter 1,$(DRY_RUN)),--dry-run)

reset: $(VENV)/.serve ## begin anew: remove the embedded database and every patient in it (asks first; YES=1: does not)
	@$(call from_here,SEED_FILE) $(call from_here,DATA_DIR) cd backend && exec .venv/bin/python scripts/reset_data.py $(if $(filter 1,$(YES)),--yes)

# `alembic check` is in test_migrations.py.
test: lint ## set up what is needed and check everything: lint, format, types, tests, coverage
	$(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=30 --cov --cov-report=term

lint: $(VENV)/.test ## of that only lint, format, types; what each commit waits for
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

bench: $(VENV)/.test $(NODE)/.made ## measure it beside json-server, Fastify and its own limits, ~15 minutes (QUICK=1: one)
	$(RUN) benchmarks $(if $(QUICK),--quick)

bench-migrate: $(VENV)/.test ## measure the import of db.json beside psql's \copy of ready rows
	$(RUN) benchmarks.migration

cutover-demo: $(VENV)/.test $(NODE)/.made ## watch a whole move from json-server, and a fall-back, in two minutes (needs Node and npm)
	@cd backend && exec .venv/bin/python -m rehearsing $(if $(QUICK),--quick)

torture: $(VENV)/.test ## the long form of the tests that kill, freeze, flood and race
	cd backend && TORTURE=1 .venv/bin/python -m pytest tests/integration/faults tests/cutover/test_faults.py \
		tests/cutover/test_old_side.py tests/cutover/test_stages.py tests/contract/test_sequences.py \
		tests/engine/test_any_query.py

setup: $(VENV)/.serve $(VENV)/.test ## install everything for serving and testing, run nothing

fix: $(VENV)/.test ## format the code, mend what the linter can, write anew what documents repeat of the code
	$(RUN) ruff format .
	$(RUN) ruff check --fix .
	$(RUN) tests.docs.regenerate

locks: ## make the locks anew from pyproject.toml (needs uv); UPGRADE='--upgrade-package NAME' for a newer release
	cd backend && $(COMPILE) $(UPGRADE) -o requirements.txt
	cd backend && $(COMPILE) $(UPGRADE) -o requirements-embedded.txt --extra embedded -c requirements.txt
	cd backend && $(COMPILE) $(UPGRADE) -o requirements-cutover.txt --extra cutover -c requirements.txt
	cd backend && $(COMPILE) $(UPGRADE) -o requirements-dev.txt --extra dev -c requirements.txt
	cd backend/tests/clients && $(COMPILE_ONE) $(UPGRADE) -o requirements.txt requirements.in
	@cd backend && for system in $(SYSTEMS); do for python in 3.11 3.15; do \
		echo "Does $$system with Python $$python have a wheel of everything?"; \
		$(UV) pip compile -q --no-deps --only-binary :all: --python-platform $$system --python-version $$python \
			requirements-dev.txt >/dev/null || exit 1; done; done

images: ## name the newest Python and PostgreSQL of the same series that have an image (needs docker)
	@python=$$($(LATEST) python:3.13-slim-bookworm sh -c 'echo $$PYTHON_VERSION') && \
	postgres=$$($(LATEST) postgres:17-bookworm sh -c 'echo $${PG_VERSION%%-*}') && \
	for file in Dockerfile compose.yaml render.yaml render.free.yaml; do sed -E \
		-e "s/(python:|PYTHON_VERSION, value: )3[.]13[.][0-9]+/\1$$python/" \
		-e "s/(postgres:)17[.][0-9]+/\1$$postgres/" $$file > $$file.new && mv $$file.new $$file || exit 1; done

LATEST := docker run --rm --pull always
UV ?= uv
COMPILE_ONE := $(UV) pip compile -q --universal --generate-hashes --no-header
COMPILE := $(COMPILE_ONE) pyproject.toml
SYSTEMS := x86_64-manylinux_2_28 aarch64-manylinux_2_28 x86_64-apple-darwin aarch64-apple-darwin

# What a lock says is installed, whatever has been released since: without `--no-deps` a pip before 24 looks for the newest
# release of what has an extra. `pip check` finds a lock that lacks something.
define INSTALL
@$(PIP) install -qq --no-deps --require-hashes --only-binary :all: --no-compile -r $(1)
@lacking=$$($(PIP) check) || { echo "$(1) is incomplete: $$lacking" >&2; exit 1; }
endef

# A stamp says that the environment has what it is named after. Later runs look at nothing else. Compiling what the server
# imports takes two seconds, compiling every package ten.
$(VENV)/.serve: $(VENV)/.made
	@echo "Installing what serving needs into $(VENV) ..."
	$(call INSTALL,backend/requirements-embedded.txt)
	@cd backend && PYTHONDONTWRITEBYTECODE= .venv/bin/python -c 'import app.__main__, app.development'
	@touch $@

$(VENV)/.test: $(VENV)/.made
	@echo "Installing what testing needs into $(VENV) ..."
	$(call INSTALL,backend/requirements-dev.txt)
	@touch $@

$(NODE)/.made: backend/benchmarks/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "json-server needs Node 18 or newer with npm; on Debian and Ubuntu: apt install nodejs npm" >&2; exit 1; }
	@cd backend/benchmarks && npm ci --silent && touch node_modules/.made

# Holds the locks that the environment is for. With others it is made anew: `pip check` would find what theirs left behind.
LOCKS := backend/requirements-embedded.txt backend/requirements-dev.txt
$(VENV)/.made: FORCE
	@cat $(LOCKS) | cmp -s - $@ || \
		{ $(PYTHON) -c "$$NEEDS" && $(PYTHON) -m venv --clear $(VENV) && cat $(LOCKS) > $@; }
FORCE:

# Of the machine; the first that is not met is all that is said.
define NEEDS
import platform, sys
from importlib.util import find_spec
libc, version = platform.libc_ver()
this = " ".join(filter(None, (platform.system(), libc, version, "on", platform.machine())))
linux = sys.platform == "linux" and libc == "glibc" and tuple(map(int, version.split("."))) >= (2, 28)
systems = "Linux with glibc 2.28 or newer (not Alpine), macOS or, on Windows, WSL2"
needs = (
    (linux or sys.platform == "darwin", systems + " is needed; this is " + this),
    (platform.machine() in ("x86_64", "aarch64", "arm64"), "x86-64 or arm64 is needed; this is " + this),
    (sys.version_info >= (3, 11), "Python 3.11 or newer is needed: make PYTHON=..."),
    (find_spec("ensurepip"), "this Python has no venv; on Debian and Ubuntu: apt install python3-venv"),
)
sys.exit(next((sentence for met, sentence in needs if not met), 0))
endef
export NEEDS
