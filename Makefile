# The targets are listed by `make help`; everything they write is in .venv/ and .sluice/,
# but for the environments of framework images, which are in the user's cache directory (docs/local-sagemaker.md).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SDK := .sluice/sdk
MWAA := .sluice/mwaa-env
CANDIDATE ?= good
PORT ?= 4566

.DEFAULT_GOAL := help
.PHONY: help install demo up local test lint types layers unit test-docker test-compose compose-env test-e2e test-never-lost test-chaos test-sdk test-spark mwaa test-mwaa iam parity format lock schema clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/installed ## Create .venv and install the pinned requirements

# The stamp is newer than the lock only when every package in it is installed.
$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14)))' || \
		{ echo "Sluice needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Installing the pinned requirements into $(VENV) (once, a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@echo "Making the environments of framework images (once, kept in your cache directory) ..."
	@$(BIN)/python -m include.sagemaker_local prepare sagemaker-scikit-learn:1.4-2 sagemaker-xgboost:3.0-5 linear-learner:1 >/dev/null
	@touch $@

demo: install ## Promote the sample pipeline end to end; CANDIDATE=slow for one that the gate refuses
	@PYTHONPATH=plugins $(BIN)/python -m include.demo --candidate $(CANDIDATE)

up: install ## Airflow on port 8080 and the local SageMaker on 4566; Ctrl-C stops both
	@PYTHONPATH=plugins $(BIN)/python -m include.demo.up

local: install ## The local SageMaker alone, on PORT (4566)
	@mkdir -p .sluice/local
	@exec $(BIN)/python -m include.sagemaker_local serve --host 127.0.0.1 --port $(PORT) --data-dir .sluice/local

test: lint types layers unit ## Everything that CI checks; it runs both demos as well

lint: install ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## mypy --strict
	$(BIN)/mypy

layers: install ## import-linter: the layers of the design
	PYTHONPATH=.:plugins $(BIN)/lint-imports --no-cache

unit: install ## pytest, but for the suites that have targets of their own
	$(BIN)/python -m pytest -q --ignore=tests/e2e

test-e2e: install ## Whole promotions, rollbacks and the rest on a local SageMaker with real containers (some ten minutes)
	$(BIN)/python -m pytest -q tests/e2e

test-never-lost: install ## Kill, fill disks and update under load, and look for what was lost (minutes)
	$(BIN)/python -m pytest -q -m never_lost tests/never_lost

test-chaos: install ## Kill workers, triggerer, scheduler and SageMaker under promotions in a real Airflow (a quarter of an hour at most)
	$(BIN)/python -m pytest -q -m chaos tests/chaos

test-docker: install ## The container runtime on a Docker engine: this machine's, or one started for the tests as root
	$(BIN)/python -m tests.fakes.docker_daemon

test-compose: install ## docker-compose.yaml on a Docker engine: builds, comes up, promotes (20 minutes at most)
	$(BIN)/python -m tests.compose.run

compose-env: ## Make up the secrets that docker-compose.yaml asks for, in .env
	@$(PYTHON) -m include.compose.environment_file

test-sdk: install $(SDK)/installed ## The SageMaker Python SDK against the local SageMaker, in a virtual environment of its own
	SLUICE_PYTHON=$(CURDIR)/$(BIN)/python SAGEMAKER_SUPPRESS_V2_WARNING=1 $(SDK)/bin/python -m pytest -q tests/sdk

# Airflow and the SDK do not agree on versions, so the SDK has its own environment.
$(SDK)/installed: requirements-sdk.lock
	@echo "Installing the SageMaker Python SDK into $(SDK) (once, a minute or two) ..."
	@$(PYTHON) -m venv $(SDK)
	@$(SDK)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-sdk.lock
	@touch $@

test-spark: install ## Spark ML containers: needs Java 17, downloads PySpark (430 MB) once
	SLUICE_TEST_SPARK=1 $(BIN)/python -m pytest -q tests/spark

mwaa: install ## plugins.zip, dags/ and requirements.txt for the bucket of an Amazon MWAA environment, in .sluice/mwaa
	@$(BIN)/python -m include.mwaa

test-mwaa: install $(MWAA)/installed ## Unpack that as MWAA does, and parse and run it on MWAA's Airflow and Amazon provider
	SLUICE_MWAA_PYTHON=$(CURDIR)/$(MWAA)/bin/python $(BIN)/python -m pytest -q tests/mwaa

# MWAA has Python 3.12; where there is none, the tests say so by failing on its version.
MWAA_PYTHON ?= $(shell for each in python3.12 "$$HOME"/.pyenv/versions/3.12.*/bin/python $(PYTHON); do \
	$$each -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null && echo "$$each" && exit; done; echo $(PYTHON))

$(MWAA)/installed: requirements-mwaa.lock
	@echo "Installing MWAA's versions of Airflow and the Amazon provider into $(MWAA) (once, a minute or two) ..."
	@$(BIN)/uv venv --quiet --clear --python "$(MWAA_PYTHON)" $(MWAA)
	@$(BIN)/uv pip install --quiet --python $(MWAA)/bin/python --requirement requirements-mwaa.lock
	@touch $@

iam: install ## Write docs/iam/ anew, from what the e2e tests record; TESTS= runs a part of them, which only adds
	SLUICE_IAM=$(if $(TESTS),add,write) $(BIN)/python -m pytest -q $(or $(TESTS),tests/e2e) \
		$(if $(TESTS),tests/e2e/test_permissions.py)

parity: install ## Write docs/parity.md anew, from what the local SageMaker checks requests against
	$(BIN)/python -m include.sagemaker_local.parity

format: install ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install ## Resolve requirements*.txt anew for Python 3.11 to 3.13
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header --no-emit-index-url \
		--no-emit-find-links --annotation-style line requirements.txt requirements-local.txt requirements-dev.txt -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header --no-emit-index-url \
		--no-emit-find-links --annotation-style line requirements-sdk.txt -o requirements-sdk.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --upgrade --no-header --no-emit-index-url \
		--no-emit-find-links --annotation-style line requirements-mwaa.txt -o requirements-mwaa.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header --no-emit-index-url \
		--no-emit-find-links --annotation-style line --constraint requirements.lock \
		requirements.txt requirements-docker.txt -o requirements-docker.lock

clean: ## Remove what the targets wrote (.sluice), but not .venv
	rm -rf .sluice
