# Each target does its own set-up from a clean clone; a second call skips what is done.
# Everything the project writes while it runs lands below data/ (and .venv/), both ignored by git.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python
READY := .venv/ready
# every warning of dbt is an error; that one is wrong of by_key, which does enforce constraints
WARNINGS := '{"error": "all", "silence": ["UnsupportedConstraintMaterialization"]}'
# DuckDB calls an open file by its own name, not by that of the link to it
PUBLISHED = $(realpath $(or $(CRM_DATA_DIR),data)/published/crm.duckdb)

export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DO_NOT_TRACK := 1
# compiled modules stay beside their sources: each process would compile thousands of them again
export PYTHONDONTWRITEBYTECODE :=
# what a dbt or sqlfluff started from here writes; runs of Dagster have folders of their own
export DBT_TARGET_PATH ?= $(CURDIR)/data/dbt/check
export DBT_LOG_PATH ?= $(CURDIR)/data/dbt/logs

.DEFAULT_GOAL := help
.PHONY: help setup demo dev metrics check test long search bench lock clean

help: ## List the targets, one sentence each.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with the locked dependencies.

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 with the venv module was found. Install one (Debian: apt-get install python3 python3-venv) or call make PYTHON=/path/to/python."; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (once; under two minutes) ..."
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@if $(PY) -m pip install --quiet --disable-pip-version-check uv 2>/dev/null \
		&& $(PY) -m uv pip sync --quiet --compile-bytecode --python $(PY) requirements.lock; then :; else \
		echo "uv is not to be had, or cannot install here: pip installs instead, which takes a minute longer."; \
		$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@$(PY) -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'crm-warehouse.pth').write_text('$(CURDIR)\n')"
	@printf '#!%s\nfrom crm.app import main\n\nmain()\n' "$(CURDIR)/$(PY)" > .venv/bin/crm && chmod +x .venv/bin/crm
	@touch $(READY)

demo: $(READY) ## Sync the sandbox CRMs, build, check and publish the warehouse, and show it; again for the next day.
	@$(PY) -m dagster_project.demo

dev: $(READY) ## Open Dagster's UI on the sandbox CRMs (or on yours, if .env says so).
	@$(PY) -m dagster_project.dev

metrics: $(READY) ## Ask the published file for a metric (ASK="--metrics win_rate --group-by metric_time__year"), or list them all.
	@mkdir -p data/dbt/metrics && cp dbt/dbt_project.yml data/dbt/metrics
	@CRM_WAREHOUSE=$(PUBLISHED) .venv/bin/dbt --quiet parse --project-dir dbt --profiles-dir dbt/published --target-path $(CURDIR)/data/dbt/metrics/target
	@cd data/dbt/metrics && CRM_WAREHOUSE=$(PUBLISHED) DBT_PROFILES_DIR=$(CURDIR)/dbt/published $(CURDIR)/.venv/bin/mf $(if $(ASK),query $(ASK),list metrics --show-all-dimensions)

check: $(READY) ## Lint, type-check, hold the import rules, and parse dbt without a warning.
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@mkdir -p data/dbt; $(PY) -m mypy & types=$$!; \
		{ .venv/bin/lint-imports && CRM_WAREHOUSE=$(CURDIR)/data/dbt/check.duckdb .venv/bin/dbt --quiet --warn-error-options $(WARNINGS) parse --project-dir dbt --profiles-dir dbt --no-partial-parse; }; \
		rest=$$?; wait $$types && exit $$rest
	@CRM_WAREHOUSE=$(CURDIR)/data/dbt/check.duckdb .venv/bin/sqlfluff lint dbt/models dbt/tests --processes 2 --disable-progress-bar

test: $(READY) ## Run the tests, over the real wire and real DuckDB files.
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

long: $(READY) ## Run the tests that build whole warehouses or play whole days several times, which make test leaves out.
	@$(PY) -m pytest -n 2 --dist loadfile -q -m long

search: $(READY) ## Draw histories of faults, edits and crashes for half an hour (MINUTES=30), and report what raw lost.
	@$(PY) -m tests.search --minutes $(or $(MINUTES),30)

bench: $(READY) ## Measure the demo's nights and rewrite benchmarks/results/demo.md (the other tables name their own command).
	@$(PY) -m benchmarks.demo

lock: $(READY) ## Pin every transitive version again after a change in pyproject.toml.
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(PY) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header --quiet -o requirements.lock

clean: ## Remove what the project wrote: data/ and .venv/.
	@rm -rf data .venv
