# Needs Python 3.11 or later and make; everything else comes from the package index into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Stamps: setting up again takes no time until pyproject.toml changes.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
WORKERS ?= 2

.DELETE_ON_ERROR:
.PHONY: help demo setup test test-browser transcript pictures bench lint format clean

help:
	@echo "make demo          set up, then open it: agents ask in a stand-in Slack in the browser, you decide"
	@echo "make setup         set up .venv alone; then . .venv/bin/activate, and there is hitl"
	@echo "make test          set up, then run every check: ruff, mypy, import-linter, pytest"
	@echo "make test-browser  the same desk through a headless Chromium, which must be installed"
	@echo "make transcript    keep what Slack shows as it is now, for git diff to tell what reads differently"
	@echo "make pictures      take the README's pictures anew, into docs/pictures (needs a Chromium as well)"
	@echo "make bench         measure it beside what an answer costs at the least (some ten minutes)"
	@echo "make lint          the checks without the tests"
	@echo "make format        format the code and mend what ruff can mend"
	@echo "make clean         remove .venv and the checkers' caches"

# Nobody sits before a build machine, and all of those set CI: there it plays by itself, and ends.
demo: $(READY)
	@$(BIN)/hitl demo $(if $(CI),--script)

setup: $(READY)
	@echo "ready: . $(BIN)/activate, and there is hitl (hitl --help)"

test: lint
	@$(BIN)/python -m pytest -n $(WORKERS)
	@echo "browser tests were left out: they need a headless Chromium (run them with: make test-browser)"

test-browser: $(READY_DEV)
	@$(BIN)/python -m pytest -m browser -n $(WORKERS) tests/browser

transcript: $(READY_DEV)
	@HITL_REGENERATE=1 $(BIN)/python -m pytest --quiet tests/blocks tests/bot/gallery

pictures: $(READY_DEV)
	@$(BIN)/python -m tests.browser.pictures

bench: $(READY_DEV)
	@$(BIN)/python -m bench

lint: $(READY_DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(READY_DEV)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is not Python 3.11 or later; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "setting up $(VENV) (a minute, once)"
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "$(PYTHON) lacks the module venv (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }

$(READY): pyproject.toml | $(BIN)/python
	@$(PIP) install --editable .
	@touch $@

$(READY_DEV): pyproject.toml | $(BIN)/python
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(READY)
