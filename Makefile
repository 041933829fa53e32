# Every target does all of its own set-up. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL_SELF := $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
# A file's tests share servers and tables: they stay in one process. Twice as many as cores: some wait, and more of them
# would only slow each other down.
# In tests/conftest.py's order, the longest files first.
PYTEST := $(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: help setup demo up check lint parse test test-bigquery nightly bench chaos mutation pictures docs build roles deploy rollback url deployed-version invoke lock clean

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.runtime  ## Make .venv with the pinned packages and `voc` in it

demo: .venv/.runtime  ## Report on sample tickets, from nothing, without any account
	@rm -rf .voc/demo
	@$(BIN)/voc sample --out .voc/demo/tickets.parquet --weeks 12 --tickets-per-week 3000 --seed 7
	@env -u SLACK_BOT_TOKEN -u LAAS_API_KEY -u VOC_MODEL_API VOC_ENV_FILE=/dev/null VOC_HOME=.voc/demo VOC_TARGET=duckdb \
		$(BIN)/voc run --source .voc/demo/tickets.parquet
	@echo "Here, voc is $(BIN)/voc, after: export VOC_HOME=.voc/demo"

up: .venv/.runtime  ## Run all services here, with a stand-in for Slack in the browser
	@rm -rf .voc/up
	@env -u LAAS_API_KEY -u VOC_MODEL_API -u VOC_VERSION VOC_TARGET=duckdb $(BIN)/python -m tests.local

check: lint  ## Before each commit: lint, and every test that starts no server and no dbt (two minutes)
	$(PYTEST) -m "not slow" --ignore tests/bigquery

test: .venv/.dev  ## Before a push: all tests but those of BigQuery (twelve minutes)
	$(PYTEST) -m "not nightly" --ignore tests/bigquery

test-bigquery: .venv/.dev  ## Run the tests of BigQuery, on a local endpoint and with GoogleSQL itself
	$(PYTEST) -m "not nightly" tests/bigquery

lint: .venv/.dev  ## Check style, types, SQL and boundaries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@mkdir -p .voc  # the templater's DuckDB file
	DBT_TARGET_PATH=.voc/target DBT_LOG_PATH=.voc/logs \
		$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests/*.sql

parse: .venv/.dev  ## Parse the dbt project for both engines, every warning an error
	@mkdir -p .voc
	@for target in duckdb bigquery; do \
		$(BIN)/dbt --warn-error --log-path .voc/logs parse --no-partial-parse --target $$target --target-path .voc/target || exit 1; \
	done

bench: .venv/.dev  ## Measure the ratios in docs/benchmarks.md (three quarters of an hour)
	$(BIN)/python -m tests.bench

chaos: .venv/.dev  ## Kill runs at every boundary and at random moments, and count the messages (an hour)
	$(BIN)/python -m tests.chaos

mutation: .venv/.dev  ## Change the status and week SQL at each place and see that the dbt tests notice (twenty minutes)
	$(BIN)/python -m tests.mutation

nightly: bench chaos mutation  ## What takes long and changes seldom: benches, chaos, the full mutation, the image, a real model
	$(UV) pip install --quiet --no-deps --only-binary :all: --require-hashes -r tests/nightly.lock
	$(PYTEST) -m nightly

pictures: demo .venv/.dev  ## Draw what the demo wrote, for the README (docs/images)
	$(BIN)/python -m tests.local.pictures .voc/demo

docs: .venv/.runtime  ## Build the dbt docs site of the last run, or of the demo (TARGET=bigquery for BigQuery's)
	@$(if $(or $(TARGET),$(wildcard .env .voc/last_run.json)),,VOC_HOME=$${VOC_HOME:-.voc/demo}) $(BIN)/voc docs $(if $(TARGET),--target $(TARGET))

build:  ## Build the image, labelled with version and commit
	@deploy/build.sh

roles:  ## Make the service accounts on Google (deploy/roles.sh --print only shows the commands)
	@deploy/roles.sh

deploy:  ## Push the image to Google, register the deployments, start worker and bot
	@deploy/deploy.sh

rollback:  ## Deploy an older image again (VERSION=0.1.0-47c8230)
	@deploy/deploy.sh --rollback

url:  ## Show where the bot is on Google
	@deploy/url.sh

deployed-version:  ## Show what the bot there runs (URL=… for another place)
	@deploy/url.sh --version

PREFECT ?= $(BIN)/prefect
invoke:  ## Start the report by hand and watch it (PARAMS="as_of=2026-11-16 force=true")
	@test -n "$$PREFECT_API_URL" || { echo "invoke: set PREFECT_API_URL to the Prefect server's API" >&2; exit 2; }
	@test -x "$(PREFECT)" || { echo "invoke: run make setup first" >&2; exit 2; }
	@$(PREFECT) deployment run weekly_voc/on-demand --watch $(foreach param,$(PARAMS),--param $(param))

lock: $(UV)  ## Renew the pinned sets from pyproject.toml
	$(UV) $(COMPILE) --upgrade --extra build --extra dev pyproject.toml -o requirements-dev.lock
	$(UV) $(COMPILE) --extra build -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:  ## Remove .venv and everything that runs left behind
	rm -rf .venv .voc .*_cache

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# What has the development set keeps it.
.venv/.runtime: requirements.lock pyproject.toml | $(UV)
	@if test -e .venv/.dev; then $(MAKE) --no-print-directory .venv/.dev; else \
		echo "· installing the pinned packages into .venv"; \
		$(UV) pip sync --quiet --require-hashes --compile-bytecode requirements.lock && $(INSTALL_SELF) && touch $@; fi

.venv/.dev: requirements-dev.lock pyproject.toml | $(UV)
	@echo "· installing the pinned packages into .venv"
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode requirements-dev.lock
	@$(INSTALL_SELF)
	@touch .venv/.runtime $@
