# Stagewire: `make demo` shows it, `make test` checks it.
.DEFAULT_GOAL := help
.PHONY: help demo test packages lint unit test-slow storm kills power-cuts bench bench-page bench-connector soak soak-connector generated words screenshots lock clean

VENV := .venv
BIN := $(VENV)/bin

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/run.stamp  ## everything on this machine; ARGS="--for 20" ends by itself
	@$(BIN)/stagewire demo $(ARGS)

test: packages lint unit  ## the one test command

packages:  ## what the tests need of Debian, where it may be installed; else those tests are skipped
	@xargs .ci/need < .ci/packages || echo "going on without; the tests that need them are skipped"

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@# The connector runs on Windows and macOS, too: the same rooms against their standard library.
	$(BIN)/mypy --platform win32 --follow-imports silent $(PORTABLE)
	$(BIN)/mypy --platform darwin --follow-imports silent $(PORTABLE)
	$(BIN)/lint-imports

PORTABLE := -p gateway.connector -p gateway.messages -p gateway.settings -m gateway.cli -m gateway.cli_connector \
  -p gateway.bus -m gateway.topics -m gateway.text -m gateway.lines_file

unit: $(VENV)/test.stamp
	$(BIN)/pytest -m "not slow" $(ARGS)

# Debian's python3 comes without ensurepip; a venv needs it.
$(BIN)/python:
	@python3 -c 'import ensurepip' 2>/dev/null || .ci/need python3-venv
	@python3 -m venv $(VENV)

$(VENV)/%.stamp: .locks/%.txt pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) from $< ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-slow: $(VENV)/test.stamp  ## the tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

storm: $(VENV)/test.stamp  ## a million frames over bad wires, in virtual time; 2 000 commands for the firmware
	$(BIN)/pytest -m slow -s tests/drivers/test_storm.py tests/drivers/test_storm_firmware.py $(ARGS)

kills: $(VENV)/test.stamp  ## broker, connector and gateway killed at random for minutes: no gift lost, none doubled
	$(BIN)/pytest -m slow -s tests/faults --ignore tests/faults/test_power_cuts.py $(ARGS)

power-cuts: $(VENV)/test.stamp  ## the power fails 200 times under load: nothing acknowledged lost, nothing fires again (root)
	$(BIN)/pytest -m slow -s tests/faults/test_power_cuts.py $(ARGS)

screenshots: $(VENV)/test.stamp  ## pictures of every screen, from the demo; ARGS=folder
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

bench: $(VENV)/test.stamp  ## how long from a gift's publish to the pin's edge
	$(BIN)/python -m tests.bench.gift_to_pin $(ARGS)

bench-page: $(VENV)/test.stamp  ## what fifty phones cost the page and the gateway while 1000 events a second arrive
	$(BIN)/python -m tests.bench.page_load $(ARGS)

bench-connector: $(VENV)/test.stamp  ## what an event costs the connector, beside TikTokLive's own listener
	$(BIN)/python -m tests.bench.connector $(ARGS)

soak-connector: $(VENV)/test.stamp  ## ten accounts, 200 messages a second each, for ten minutes: memory stays flat
	$(BIN)/python -m tests.bench.soak_connector $(ARGS)

soak: $(VENV)/run.stamp  ## ten minutes of demo; its last line is the memory of each program
	@$(BIN)/stagewire demo --for 600 --host 127.0.0.1 $(ARGS)

generated: $(VENV)/test.stamp  ## write again what is generated from one definition
	$(BIN)/python -m gateway.drivers.arduino.header > firmware/station/src/wire.h
	$(BIN)/python -m gateway.contract
	$(BIN)/python -m gateway.settings.games
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. gateway/webcast/webcast.proto

words: $(VENV)/test.stamp  ## bring the page's catalogues of other languages up to date with its texts
	$(BIN)/python -m web.languages.update

RESOLVE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade
lock:  ## resolve the dependencies anew (needs uv)
	$(RESOLVE) pyproject.toml .locks/build.in --extra connector --extra demo -o .locks/run.txt
	$(RESOLVE) pyproject.toml .locks/build.in --extra connector --extra demo --group test \
	  -c .locks/run.txt -o .locks/test.txt

clean:  ## forget everything that was built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	$(MAKE) -s -C firmware clean
