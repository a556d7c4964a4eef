# make setup | build | run | run-kafka | test | test-spark | bench | format | lint | clean
# Every target does all it needs itself, from a fresh clone on Debian 12.
PYTHON ?= python3
VENV := .venv
BUILD := build/release
JOBS ?= $(shell nproc)
export PYTHON VENV

.DEFAULT_GOAL := build
.PHONY: setup hooks configure build run run-kafka test test-spark bench format lint docs clean

setup:
	@tools/setup.sh

hooks: setup
	@tools/setup.sh hooks

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release -DSLUICE_PYTHON=$(CURDIR)/$(VENV)/bin/python

build: configure
	@ninja -C $(BUILD) -j$(JOBS) sluice-server
	@echo "Built: $(VENV)/bin/sluice"

run: build
	$(VENV)/bin/sluice submit examples/orders/orders.py

run-kafka: build
	$(VENV)/bin/python examples/kafka_orders/run.py

test: setup
	@tools/setup.sh services
	@$(VENV)/bin/python tools/test.py $(if $(REPORT),--report $(REPORT))

test-spark: build
	$(VENV)/bin/python -m pytest --spark -m spark tests

bench: build
	@tools/setup.sh bench
	$(VENV)/bin/python bench/run.py $(BENCH)

format: setup
	@tools/format.sh

lint: configure
	@tools/lint.sh

docs: build
	$(VENV)/bin/python tools/generate_docs.py

clean:
	rm -rf build
