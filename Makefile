# make demo   set everything up and run the main job on a cluster of simulated nodes
# make demo DEMO=collaboration   five clients train one model, in real containers on two nodes; as root
# make test   set everything up and run every tier of tests
# All take KUBECONFIG (a cluster of yours) or KUBEBUILDER_ASSETS (its binaries) where they are set.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# A run of the tests starts Python hundreds of times: without its byte code on disk each start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test unit slow tick search clusters cluster browser node chart lint venv testbed generate picture lock clean

demo: venv
	@$(BIN)/python -m tests.testbed.demo

test: lint unit slow tick browser clusters

unit: venv
	$(BIN)/python -m pytest tests/unit -n auto --dist worksteal

slow: venv
	$(BIN)/python -m pytest tests/slow tests/golden -n auto --dist worksteal

tick: venv
	$(BIN)/python -m pytest tests/tick -n auto --dist worksteal

# Drawn cases, more of them and new ones: elsewhere, every run draws the same, so that a change is judged by its own faults.
search: venv
	$(BIN)/python -m pytest tests/unit tests/slow tests/tick -m "hypothesis or drawn" --hypothesis-profile default \
	  -n auto --dist worksteal

# The tiers that need a cluster, side by side: they mostly wait. Each process has a testbed of its own. What fails there runs once
# more, alone, and has to pass: a test whose time ran out since two other testbeds had the machine is no finding. More than two such
# tests are one; what needed the second run is printed last.
CLUSTERS := tests/node tests/cluster tests/chart
clusters: venv
	$(BIN)/python -m tests.testbed build
	$(BIN)/python -m tests.rerun $(CLUSTERS) -- -n 3 --dist loadgroup

cluster: venv
	$(BIN)/python -m pytest tests/cluster

browser: venv
	$(BIN)/python -m pytest tests/browser

node: venv
	$(BIN)/python -m pytest tests/node

chart: venv
	$(BIN)/python -m pytest tests/chart

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bayplan_operator.api.generate --check

testbed: venv
	$(BIN)/python -m tests.testbed build

generate: venv
	$(BIN)/python -m bayplan_operator.api.generate

picture: venv
	$(BIN)/python -m examples.picture

venv: $(VENV)/installed

$(VENV)/installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bayplan needs Python 3.11 or newer; name one with make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Versions and hashes of all dependencies; needs uv.
lock:
	uv pip compile pyproject.toml --extra operator --extra fast --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra operator --extra fast --group dev --constraint requirements.lock --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
