# The HALO handbook. `make book`, then `make test`.
PYTHON ?= python3
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := book

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.halo-installed
BUILT := _build/.book-built
# The warm kernel's specification: book, notebook tests and reports find it through this variable.
KERNELS := $(CURDIR)/_build/jupyter
# Its stamp says that the environment of annotation and evaluation tools is whole; tests look for it.
TOOLS := _build/env-tools/.installed
# The form library of the rater's path; the stamp says whether npm brought it.
FORMS := _build/practice/.fetched
# Two workers on two cores: a second BLAS thread each would only wait for the other (seven times as slow).
ONE_THREAD := OPENBLAS_NUM_THREADS=1
WARM := JUPYTER_PATH="$(KERNELS)$${JUPYTER_PATH:+:$$JUPYTER_PATH}"
JOBS ?= 2
NBVAL := --nbval --nbval-cell-timeout 180 --nbval-sanitize-with tests/nbval_sanitize.cfg

# The list of the book's sources is a file that changes when a source is added or removed.
LISTED := $(shell mkdir -p _build && find _config.yml _toc.yml book data benchmarks/results halo_methods tools requirements.lock \
	-type f -not -path '*/__pycache__/*' -not -path '*/.ipynb_checkpoints/*' -not -path 'halo_methods/_book/*' \
	| LC_ALL=C sort > _build/.sources.new && (cmp -s _build/.sources.new _build/.sources || cp _build/.sources.new _build/.sources))
SOURCES := $(shell cat _build/.sources)

.PHONY: size book practice test verify bench report outputs samples serve tools lock clean environment lint types unit

environment: $(INSTALLED)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11 to 3.13 is needed; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.lock pyproject.toml setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(BUILT)
	@$(BIN)/python tools/check_site.py _build/html
	@echo "The book is in _build/html: open _build/html/index.html"

# Where npm reaches no registry, the book is built with folded answers in the place of forms. `make practice` tries again.
$(FORMS): tools/practice/package-lock.json tools/practice/.npmrc | $(INSTALLED)
	@mkdir -p $(@D) && cp tools/practice/package.json tools/practice/package-lock.json tools/practice/.npmrc $(@D)
	@if PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(@D) > $(@D)/npm.log 2>&1; then echo fetched > $@; else \
		rm -rf $(@D)/node_modules; echo missing > $@; tail -n 3 $(@D)/npm.log; \
		echo "The form library could not be fetched: the rater's path shows its questions as text, and tests of the forms are skipped, with a count."; fi

practice:
	rm -f $(FORMS)
	@$(MAKE) --no-print-directory $(FORMS)

$(BUILT): $(INSTALLED) $(SOURCES) _build/.sources $(FORMS)
	@rm -f $@
	$(BIN)/python -m halo_methods.reports.kernels $(KERNELS) > /dev/null
	$(WARM) $(BIN)/jupyter-book build . -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@touch $@

test: $(BUILT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(WARM) $(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS) $(NBVAL) tests halo_methods book tools

# Lines of code by topic, beside the sizes of the design.
size: $(INSTALLED)
	$(BIN)/python tools/size.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

unit: $(INSTALLED)
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS)

verify: $(INSTALLED)
	@for study in benchmarks/coverage_*.py benchmarks/study_*.py benchmarks/hundred_million.py; do \
		if [ -f "$$study" ]; then echo "== $$study"; PYTHONPATH=tools $(BIN)/python "$$study"; fi; done
	HALO_FUZZ_EXAMPLES=1500 $(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS) tests/test_judgments_fuzz.py tests/test_plan_hostile.py

bench: $(INSTALLED)
	@for peer in benchmarks/peers_*.py benchmarks/programme_reports.py; do \
		if [ -f "$$peer" ]; then echo "== $$peer"; $(BIN)/python "$$peer"; fi; done

report: $(INSTALLED)
	$(BIN)/python tools/sample_reports.py _build/reports

# Runs the executable chapters in place, so that their committed outputs are those of the code.
outputs: $(INSTALLED)
	$(BIN)/python -m halo_methods.reports.kernels $(KERNELS) > /dev/null
	$(WARM) $(BIN)/python tools/refresh_notebooks.py

# Writes the simulated samples and what is true of them.
samples: $(INSTALLED)
	PYTHONPATH=tools $(BIN)/python -m samples

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $${PORT:-8000}

# System packages: Chromium for the browser tests, Java for Spark. Needs root and apt; elsewhere says what to install.
# Then the environment of tools that take what a rubric renders to.
tools:
	@if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		missing=""; \
		command -v chromium > /dev/null || missing="$$missing chromium"; \
		command -v java > /dev/null || missing="$$missing default-jre-headless"; \
		if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; fi; \
		$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv > /dev/null; \
	elif command -v chromium > /dev/null && command -v java > /dev/null; then :; \
	else echo "Not root, or no apt here: install Chromium and a Java 17 or later yourself; tests that need them are skipped, with a count."; fi
	@$(MAKE) --no-print-directory $(TOOLS) || \
		echo "_build/env-tools could not be made (see above): tests that need it are skipped, with a count. make tools tries again."

$(TOOLS): requirements-tools.lock requirements-tools-bare.lock | $(VENV)/bin/python
	rm -rf $(@D)
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-tools-bare.lock
	@touch $@

# The locks are written by uv, which is not part of the environment: `pip install uv` anywhere.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --all-extras --group dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements-tools.in -o requirements-tools.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-deps -c requirements-tools.lock requirements-tools-bare.in -o requirements-tools-bare.lock

clean:
	rm -rf _build build dist halo_methods/_book
