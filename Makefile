# Two commands need nothing but Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test check score bench lock

help: ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

$(VENV)/.ready: requirements/run.txt requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.ready ## virtual environment with the locked dependencies

demo: setup ## the main job at work: helpdesk, daemon and mails, then a table of what was decided
	@$(BIN)/helpdesk-policy demo

test: check ## linters, types, import rules, and every test
	$(BIN)/python -m pytest -q -n auto --dist loadgroup

check: setup ## linters, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

score: setup ## how well messages are understood, per label and language, with each miss
	$(BIN)/helpdesk-policy score tests/data/corpus/*.jsonl.gz

bench: setup ## speed and memory, as ratios in one run
	@for each in bench/looks.py bench/looks_on_host.py bench/door.py bench/transport.py bench/reading.py; do \
		echo "== $$each"; PYTHONPATH=. $(BIN)/python $$each || exit 1; done

lock: ## renew the hashed locks from pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --extra fast pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --extra fast --group dev pyproject.toml -c requirements/run.txt -o requirements/dev.txt
