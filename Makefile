# One named command per task. `make demo` and `make test` set everything up first (quick when repeated).
SHELL := /bin/bash
BIN := .venv/bin
WORKERS ?= 2
SLOW_LEVELS := $(filter-out tests/unit tests/support tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))

.PHONY: help setup demo run test test-unit lint types fmt replay bench chaos lock clean

help: ## these words
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## install system packages, the Python environment and Temporal
	@scripts/setup.sh

demo: setup ## a working day on real inputs; exit 0 only if every ticket ended as planned
	@$(BIN)/ticketos demo

run: setup ## the whole stack with demo clients, until Ctrl-C
	@$(BIN)/ticketos up --demo

test: test-unit ## every test: unit first, then the ones that need services
	@$(BIN)/python -m pytest $(SLOW_LEVELS) -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-unit: setup ## the pure tests, seconds
	@$(BIN)/python -m pytest tests/unit -q -n $(WORKERS)

lint: setup ## style and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/lint-imports --no-logo

types: setup ## mypy, strict
	@$(BIN)/mypy

fmt: setup ## write the style
	@$(BIN)/ruff check -q --fix .
	@$(BIN)/ruff format -q .

replay: setup ## stored workflow histories against the code of now
	@$(BIN)/python -m pytest tests/replay -q

bench: setup ## a benchmark: make bench NAME=lifecycle
	@$(BIN)/python -m benchmarks.$(or $(NAME),lifecycle)

chaos: setup ## kill workers, servers and databases under load and count what was lost
	@$(BIN)/python -m benchmarks.chaos

lock: setup ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean: ## remove the environment; the home folder and its data stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
