# Every target sets itself up: `make demo` and `make test` work in a fresh clone.

PYTHON_FILES := pm_dalec models tests $(wildcard paper_figures notebooks)
INSTALLED := .venv/.installed
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-newest lint hooks pages docs notebooks bench paper clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## Create .venv with everything (quick when up to date)

# python3 is chosen by .python-version where pyenv is there; else any Python from 3.12 that is found.
.venv/bin/python:
	@for candidate in python3 python3.13 python3.14 python3.12 python; do \
	    if $$candidate -c 'import sys, venv; sys.exit(not (3, 12) <= sys.version_info < (3, 15))' \
	        >/dev/null 2>&1; then \
	        echo "creating .venv with $$($$candidate --version)"; exec $$candidate -m venv .venv; \
	    fi; \
	done; \
	if command -v uv >/dev/null 2>&1; then exec uv venv --seed --python 3.13 .venv; fi; \
	echo "wanted Python 3.12, 3.13 or 3.14, got $$(python3 --version 2>&1 | head -n 1) as python3" \
	    "(looked for python3, python3.12 to python3.14 and uv on PATH);" \
	    "install one of them, for instance with 'pyenv install 3.13' or uv" >&2; \
	exit 1

# --group needs pip 25.1; the pip that comes with an older Python does not have it.
$(INSTALLED): pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e . --group dev
	@touch $@

demo: $(INSTALLED) ## Calibrate the built-in site and draw its figures
	$(BIN)/pm-dalec demo

# Bytecode is kept whatever the shell says: tests start some thirty processes.
test: $(INSTALLED) ## Run the fast tests on two cores, and tell how much of the code they ran
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=
	@echo "lines of pm_dalec that ran (compiled kernels left out):" \
	    "$$($(BIN)/coverage report --format=total) %"

test-slow: $(INSTALLED) ## Run the tests that take minutes
	$(BIN)/python -m pytest -m slow

# The bound in pyproject.toml is passed over: pip says so, and goes on.
test-newest: .venv/bin/python ## Run the tests of the lane compiler with the newest PyTensor that PyMC takes
	@$(BIN)/python -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-newest/bin/python -m pip install --quiet -c constraints.txt -e . --group test
	.venv-newest/bin/python -m pip install --upgrade pymc pytensor numba llvmlite jax
	.venv-newest/bin/python -m pip list | grep -iE "^(pymc|pytensor|numba|llvmlite|jax) "
	.venv-newest/bin/python -m pytest -q tests/lanes tests/sampling/any_model

lint: $(INSTALLED) ## Check style, format, dependencies and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/mypy

hooks: $(INSTALLED) ## Check style and types before every commit (pre-commit)
	$(BIN)/python -m pip install --quiet -c constraints.txt --group hooks
	$(BIN)/pre-commit install

pages: $(INSTALLED) ## Renew the pages that are made from the code
	$(BIN)/python -m pm_dalec.cli.pages

docs: pages ## Build the site into build/site; a warning is an error
	rm -rf docs/reference/names
	$(BIN)/python -m pip install --quiet -c constraints.txt --group docs
	$(BIN)/sphinx-build -E -W --keep-going -q -c docs . build/site
	@echo "open build/site/index.html"

notebooks: $(INSTALLED) ## Execute the notebooks and renew their outputs
	$(BIN)/python notebooks/execute.py

bench: $(INSTALLED) ## Measure runs and proposals per second
	$(BIN)/pm-dalec bench

paper: $(INSTALLED) ## Repeat the experiment of the paper on the synthetic twin
	$(BIN)/pm-dalec paper --out paper

clean: ## Remove what was made, but not .venv
	rm -rf build dist demo out paper .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache .mypy_cache .coverage
	find $(PYTHON_FILES) -name __pycache__ -type d -prune -exec rm -rf {} +
