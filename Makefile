# Every target sets up what it needs, from nothing: Python 3.11 or newer is enough. A second run reuses it.
VENV := .venv
BIN := $(VENV)/bin
UI_PORT ?= 8000
API_PORT ?= 8001
STOREFRONT_PORT ?= 8002
PYTEST_ARGS ?=
BENCHMARKS := $(filter-out benchmarks/__init__.py,$(wildcard benchmarks/*.py))

.DEFAULT_GOAL := help
.PHONY: help demo test test-scale lint bench soak setup clean
.DELETE_ON_ERROR:

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed $(VENV)/.assets  ## start the demo shop; stop it with Ctrl-C [UI_PORT API_PORT STOREFRONT_PORT]
	@exec $(BIN)/recsys demo --ui-port $(UI_PORT) --api-port $(API_PORT) --storefront-port $(STOREFRONT_PORT)

test: $(VENV)/.installed-dev $(VENV)/.assets  ## run every test: SQLite, PostgreSQL and Chromium, all real [PYTEST_ARGS]
	@chromium=$$($(BIN)/python .ci/browser.py) && \
	RECSYS_TEST_CHROMIUM="$$chromium" $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# PySpark is half a gigabyte, so only this target asks for it; RECSYS_DATASETS names the folder of benchmark data.
test-scale: $(VENV)/.installed-spark $(VENV)/.assets  ## run what goes beyond one machine: a Spark cluster, object storage, replicas, millions of events [PYTEST_ARGS]
	@java=$$($(BIN)/python .ci/java.py) && \
	export JAVA_HOME="$$java" && \
	$(BIN)/python -m pytest -q -m scale $(PYTEST_ARGS) && \
	$(BIN)/python benchmarks/spark.py --long --check
	$(BIN)/python -m pytest -q tests/unit/snapshots tests/integration/slates/test_replicas_fetch_from_a_store.py \
		tests/integration/services/test_run_figures_are_shared.py
	$(BIN)/python -m pytest -q -m soak --timeout 0 tests/soak/test_three_replicas.py
	$(BIN)/python benchmarks/events.py --full

lint: $(VENV)/.installed-dev  ## check style, types, import contracts and sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/size_check.py

bench: $(VENV)/.installed-dev  ## run the short version of every benchmark
	@set -e; for file in $(BENCHMARKS); do echo "== $$file"; $(BIN)/python "$$file"; done

soak: $(VENV)/.installed-dev $(VENV)/.assets  ## run the long campaigns: kill -9, faults, thousands of random cases [PYTEST_ARGS]
	@chromium=$$($(BIN)/python .ci/browser.py) && \
	RECSYS_TEST_CHROMIUM="$$chromium" HYPOTHESIS_PROFILE=soak \
	$(BIN)/python -m pytest -m soak --timeout 0 $(PYTEST_ARGS)

setup: $(VENV)/.installed-dev $(VENV)/.assets  ## only set up: the environment and the browser libraries

clean:  ## remove what make has made, but never data
	rm -rf $(VENV) build dist recsys.egg-info curation_ui/node_modules curation_ui/static/vendor

$(BIN)/python:
	@.ci/venv $(VENV)

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	@.ci/install $(VENV)
	@touch $@

$(VENV)/.installed-dev: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	@.ci/install $(VENV) dev
	@touch $(VENV)/.installed $@

$(VENV)/.installed-spark: $(VENV)/.installed-dev
	@.ci/install $(VENV) dev,spark
	@touch $@

$(VENV)/.assets: curation_ui/package.json curation_ui/package-lock.json .ci/assets.py | $(BIN)/python
	@echo "Fetching the browser libraries"
	@$(BIN)/python .ci/assets.py
	@touch $@
