# Stagewire: `make demo` shows it, `make test` checks it.
.DEFAULT_GOAL := help
.PHONY: help demo test lint unit lock header clean

VENV := .venv
BIN  := $(VENV)/bin

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/run.stamp  ## everything on this machine; ARGS="--for 20" ends by itself
	@$(BIN)/stagewire demo $(ARGS)

test: lint unit  ## the one test command

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/test.stamp
	$(BIN)/pytest -m "not slow" $(ARGS)

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/%.stamp: .locks/%.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:  ## forget everything that was built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	$(MAKE) -s -C firmware clean
