# Two commands: `make run` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check lint types bench peers lock clean

run: $(VENV)/.runtime
	$(BIN)/redgrid demo --if-empty
	$(BIN)/redgrid serve

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: lint types

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.peers
	for script in bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

peers: $(VENV)/.peers

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "redgrid needs Python 3.11 or newer: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --requirement requirements-dev.lock
	touch $@

$(VENV)/.peers: requirements-peers.lock $(VENV)/.dev
	$(BIN)/pip install --quiet --requirement requirements-peers.lock
	touch $@

# Remake the lock files after a change of pyproject.toml, for every Python and system at once.
lock: | $(VENV)/bin/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet --no-header --no-emit-index-url --no-emit-find-links --extra dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet --no-header --no-emit-index-url --no-emit-find-links --extra dev --extra peers -c requirements-dev.lock -o requirements-peers.lock

clean:
	rm -rf $(VENV) build *.egg-info
