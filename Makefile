# Few words: `make run` for the whole service on this machine, `make test` for the tests.

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
PIP := $(VENV_PYTHON) -m pip --quiet --disable-pip-version-check
# Installed once for each state of the requirements.
RUNTIME := .venv/.runtime-$(shell cksum < requirements.txt | tr ' ' -)
TOOLS := .venv/.tools-$(shell cat requirements.txt requirements-dev.txt | cksum | tr ' ' -)

.DEFAULT_GOAL := help
.PHONY: help setup run migrate test lint types bench

help: ## Show these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(TOOLS) ## Install everything for development into .venv

run: $(RUNTIME) ## Run the whole service here: PostgreSQL, Valkey, bot, workers, a phone page
	@exec $(VENV_PYTHON) -m bot demo

migrate: $(RUNTIME) ## Bring the database up to the newest schema
	@$(VENV_PYTHON) -m bot migrate

test: $(TOOLS) ## Run the tests; ARGS="tests/bot -k settings" for some of them
	@PYTHONDONTWRITEBYTECODE= $(VENV_PYTHON) -m pytest -n 3 --dist loadgroup $(ARGS)

lint: $(TOOLS) ## Check style, format and who may import whom
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo

types: $(TOOLS) ## Check the types
	@$(VENV_PYTHON) -m mypy

bench: $(TOOLS) ## Measure what the design promises; prints a table
	@$(VENV_PYTHON) -m tests.bench $(ARGS)

$(VENV_PYTHON):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python has no venv here. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): $(VENV_PYTHON)
	@echo "Installing what the service needs into .venv ..."
	@$(PIP) install -r requirements.txt
	@touch $@

$(TOOLS): $(VENV_PYTHON)
	@echo "Installing the service and its tools into .venv ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@ $(RUNTIME)
