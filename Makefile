# Moodmarker: every command a person or a build server needs. `make` alone lists them.
# Needs Python 3.11 or newer and make; each target makes .venv and fills it from a hash-pinned file by itself.

SHELL := /bin/sh
.DEFAULT_GOAL := help
unexport PYTHONPATH PYTHONHOME
# Compiled modules are kept, or each of the many processes of a suite would compile all of them again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
# A FHIR server to test against has pins of its own, and so an environment of its own.
STACK := .venv-stack
# So has a client of CDS Hooks.
CLIENTS := .venv-clients
# And what tells of the packages that are shipped.
SUPPLY := .venv-supply
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# Compiling on first import instead of on installation halves the time to the first test.
INSTALL := $(PIP) install --no-compile --require-hashes --requirement
PYTEST := $(BIN)/python -m pytest
# Files of tests are dealt out in order, to two processes more than there are cores: those with servers wait a lot.
IN_PARALLEL := --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist loadfile --no-loadscope-reorder
# What needs neither another language, nor a server from elsewhere, nor load for minutes.
HERE_ALONE := not node and not java and not browser and not postgres and not faults and not soak and not supply
PYPI_ALONE := not slow and $(HERE_ALONE)
# The first Python that is new enough; `make PYTHON=/path/to/python ...` chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
CODE := $(wildcard service tests benchmarks)

.PHONY: help demo stack serve check test test-all generate bench lock clean tools soak sbom audit \
	suite-coverage suite-slow suite-node suite-java suite-browser suite-postgres suite-faults suite-container suite-soak suite-supply

# Alone, it has three environments to install, which go side by side.
ifeq ($(MAKECMDGOALS),test)
MAKEFLAGS += --jobs=3
endif

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.runtime ## run the main job once on named synthetic patients
	@$(BIN)/moodmarker demo

stack: $(VENV)/.runtime $(STACK)/.made ## run a local FHIR server with made-up patients, and the service wired to it
	@$(BIN)/moodmarker stack $(STACK)/bin/sekmet

serve: $(VENV)/.runtime ## serve on 127.0.0.1 until interrupted
	@$(BIN)/moodmarker serve

check: $(VENV)/.dev ## lint, format, types, import law, and whether contracts/ is as generated
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports
	@$(BIN)/moodmarker generate --check
	@$(BIN)/python -m tests.cds_hooks.traceability --check

test: $(VENV)/.dev $(STACK)/.made $(CLIENTS)/.made ## the tests that need PyPI alone
	@$(PYTEST) $(IN_PARALLEL) -m "$(PYPI_ALONE)"

# Every suite runs, whatever became of the one before; the table at the end gives minutes and result of each.
test-all: $(VENV)/.test-all $(STACK)/.made tools ## the suites that `make test` leaves out: coverage, slow, Node, Java, browser, PostgreSQL, faults, container, soak, supply chain
	@table=''; failed=0; \
	for suite in coverage slow node java browser postgres faults container soak supply; do \
		echo "== suite $$suite"; \
		began=$$(date +%s); \
		if $(MAKE) --no-print-directory suite-$$suite; then result=passed; else result=FAILED; failed=1; fi; \
		took=$$(($$(date +%s) - began)); \
		table="$$table$$(printf '%-10s %3d.%d min  %s' $$suite $$((took / 60)) $$((took % 60 / 6)) $$result)|"; \
	done; \
	$(BIN)/python -m tests.evidence || failed=1; \
	echo "== suites"; printf '%s' "$$table" | tr '|' '\n'; \
	exit $$failed

# The tests of `make test` again, traced, which takes them twice the time: those are to pass within minutes on their own.
suite-coverage: $(VENV)/.test-all $(STACK)/.made $(CLIENTS)/.made
	@rm -f .coverage .coverage.*
	@$(PYTEST) $(IN_PARALLEL) -m "$(PYPI_ALONE)" --cov --cov-report=
	@echo "Coverage of service/domain and service/rules (bar: 100 %)"
	@$(BIN)/coverage report --include='service/domain/*,service/rules/*' --fail-under=100
	@echo "Coverage of everything else (bar: 95 %)"
	@$(BIN)/coverage report --omit='service/domain/*,service/rules/*' --fail-under=95

suite-slow: $(VENV)/.test-all
	@export HYPOTHESIS_PROFILE=thorough; $(PYTEST) -m "slow and $(HERE_ALONE)" --ignore=tests/architecture/container

suite-node: $(VENV)/.test-all
	@find tests -name node_modules -prune -o -name package-lock.json -print | while read -r lock; do \
		npm ci --prefix "$$(dirname "$$lock")" --no-audit --no-fund --loglevel=error || exit 1; done
	@$(PYTEST) -m "node and not java"

suite-java: $(VENV)/.test-all
	@$(PYTEST) -m java

suite-browser: $(VENV)/.test-all
	@$(PYTEST) -m browser

suite-postgres: $(VENV)/.test-all
	@$(PYTEST) -m "postgres and not faults"

suite-faults: $(VENV)/.test-all
	@$(PYTEST) -m faults

suite-container: $(VENV)/.test-all
	@$(PYTEST) tests/architecture/container

suite-soak: $(VENV)/.test-all
	@$(PYTEST) -m soak

soak: $(VENV)/.test-all ## ten minutes of valid and hostile load, with memory watched
	@export SOAK_SECONDS=600; $(PYTEST) -m soak --capture=no

suite-supply: $(VENV)/.test-all sbom audit
	@$(PYTEST) -m supply

# One file tells hashes, the other licences and what needs what.
sbom: $(VENV)/.runtime $(SUPPLY)/.made ## write the bill of materials (CycloneDX) to build/
	@mkdir -p build
	@$(SUPPLY)/bin/cyclonedx-py requirements requirements.txt --output-reproducible -o build/lock.cdx.json
	@$(SUPPLY)/bin/python -W ignore::UserWarning -m cyclonedx_py environment $(BIN)/python --pyproject pyproject.toml \
		--output-reproducible -o build/environment.cdx.json
	@$(SUPPLY)/bin/python -m tests.supply_chain.sbom build/lock.cdx.json build/environment.cdx.json \
		build/moodmarker.cdx.json
	@echo "build/moodmarker.cdx.json"

# Where nobody can say, that is told, and is no failure.
audit: $(SUPPLY)/.made ## look the pinned packages up among known vulnerabilities
	@mkdir -p build
	@$(SUPPLY)/bin/pip-audit --requirement requirements.txt --require-hashes --disable-pip --progress-spinner off \
		--format json 2>/dev/null | \
		$(SUPPLY)/bin/python -m tests.supply_chain.vulnerabilities requirements.txt build/audit.txt

# Programs from outside Python. Installed where this user may; else the suite that needs one says so.
tools:
	@missing=''; \
	for pair in node:nodejs npm:npm java:default-jre-headless javac:default-jdk-headless mvn:maven \
		chromium:chromium pg_ctlcluster:postgresql nginx:nginx-light docker-compose:docker-compose; do \
		command -v "$${pair%%:*}" >/dev/null 2>&1 || missing="$$missing $${pair#*:}"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing$$missing"; \
		apt-get update -qq && for package in $$missing; do \
			DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$package >/dev/null \
				|| echo "Not to be had here: $$package"; done; \
	else echo "Missing, and not installable by this user:$$missing"; fi

generate: $(VENV)/.runtime ## write contracts/ anew from the rules and routes
	@$(BIN)/moodmarker generate
	@$(BIN)/python -m tests.cds_hooks.traceability

bench: $(VENV)/.dev ## measure speed as ratios in one run
	@$(BIN)/python -m benchmarks

# Needs uv. Later locks stay within earlier ones, so that the product runs on the versions that were tested.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11
lock: ## choose the newest versions that resolve, and pin them with their hashes
	$(LOCK) --upgrade pyproject.toml --group build --output-file requirements.txt
	$(LOCK) --upgrade pyproject.toml --group build --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt
	$(LOCK) --upgrade pyproject.toml --group build --group dev --group test-all --constraint requirements-dev.txt \
		--output-file requirements-test-all.txt
	$(LOCK) --upgrade --group stack --output-file requirements-stack.txt
	$(LOCK) --upgrade --group clients --output-file requirements-clients.txt
	$(LOCK) --upgrade --group supply --output-file requirements-supply.txt

clean: ## remove .venv and everything else that is made
	rm -rf $(VENV) $(STACK) $(CLIENTS) $(SUPPLY) build dist *.egg-info .coverage .coverage.* htmlcov .cache \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp a lock; a stamp is older than its lock when the lock changed. Each lock holds the one before it.
$(VENV)/.python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Moodmarker needs Python 3.11 or newer; found: $$($(or $(PYTHON),python3) --version 2>&1)." \
		"Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make a virtual environment; on Debian or Ubuntu install python3-venv." >&2; exit 1; }
	@touch $@

$(VENV)/.runtime: requirements.txt pyproject.toml $(VENV)/.python
	@echo "Installing what the service needs into $(VENV)"
	@$(INSTALL) requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV)"
	@$(INSTALL) requirements-dev.txt
	@touch $@

$(VENV)/.test-all: requirements-test-all.txt $(VENV)/.dev
	@echo "Installing what the long suites need into $(VENV)"
	@$(INSTALL) requirements-test-all.txt
	@touch $@

# Those beside it have no pip of their own: that of the first one fills them, and making one costs seconds.
define BESIDE
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	@$(PIP) --python $(@D)/bin/python install --no-compile --require-hashes --requirement $<
	@touch $@
endef

$(STACK)/.made: requirements-stack.txt $(VENV)/.python
	@echo "Installing a FHIR server into $(STACK)"
	$(BESIDE)

$(CLIENTS)/.made: requirements-clients.txt $(VENV)/.python
	@echo "Installing a CDS Hooks client into $(CLIENTS)"
	$(BESIDE)

$(SUPPLY)/.made: requirements-supply.txt $(VENV)/.python
	@echo "Installing what tells of the packages that are shipped"
	$(BESIDE)
