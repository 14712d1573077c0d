# `make help` lists the targets. Each one makes .venv first, once per change of the lock.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo dev test fuzz chaos bench check fix ci lock

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## make .venv with the exact versions of requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## the main job on real servers, with its audit trail
	$(BIN)/counterfoil demo

dev: $(STAMP) ## embedded PostgreSQL and Redis, migrated, until Ctrl-C
	$(BIN)/counterfoil dev

ENGINE ?= ours
test: $(STAMP) ## every test, in parallel and in random order; ARGS="-k audit" narrows, ENGINE=stock runs our jobs on stock arq
	ENGINE=$(ENGINE) $(BIN)/python -m pytest -n logical --maxprocesses 4 -q $(ARGS)

fuzz: MINUTES = 5
fuzz: $(STAMP) ## requests made from the OpenAPI document against the running web process; MINUTES=5 FUZZ_SEED=1
	FUZZ_SECONDS=$$(($(MINUTES) * 60)) $(BIN)/python -m pytest -q tests/web/test_fuzz.py

MINUTES ?= 2
WORKERS ?= 3
chaos: $(STAMP) ## break everything while jobs run, and count effects; MINUTES=2 SEED=1 WORKERS=3
	$(BIN)/python -m chaos --minutes $(MINUTES) --workers $(WORKERS) $(if $(SEED),--seed $(SEED))

# The peers, the server that all of them share and the chart live in environments of their own, beside the project's.
BENCH := .venv-bench
BENCH_STAMPS := $(patsubst benchmarks/environments/%.txt,$(BENCH)/%/.installed,$(wildcard benchmarks/environments/*.txt))
bench: $(STAMP) $(BENCH_STAMPS) ## beside the peers and the limit; ONLY=engine,bulk QUICK=1 REPETITIONS=5 SIZES=10000,100000 WRITE=1
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(REPETITIONS),--repetitions $(REPETITIONS)) $(if $(SIZES),--sizes $(SIZES)) $(if $(QUICK),--quick) $(if $(WRITE),--write)

# What cannot be installed is left without a stamp, and the run reports those whom it concerns as failed.
$(BENCH)/%/.installed: benchmarks/environments/%.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	if $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<; then touch $@; fi

check: $(STAMP) ## lint, types, directions between layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(STAMP) ## format, and mend what the linter can mend by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Under CI, Hypothesis draws the same examples every time, so that a failure there can be repeated; `make test` explores.
ci: export CI = true
ci: MINUTES = 0.5
ci: check test chaos ## exactly what CI runs, with half a minute of chaos

lock: $(STAMP) ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate pyproject.toml --output-file requirements.lock
