# Works on a machine that has only Python (3.11 or later), make and git: the first target makes
# its own environment from the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := .uv/bin/uv
STAMP := $(VENV)/.ready

# The machine's own certificates: a company's network may have some of its own.
export UV_NATIVE_TLS := 1
export UV_SYSTEM_CERTS := 1
# Tests start many processes; without what Python keeps of them, each compiles every module anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help report screenshots test check fix format lint types contracts evidence withheld names docs docs-site release-check promises test-slow bench bench-house bench-ratings bench-capability bench-sequential bench-reading bench-comparing bench-serving bench-trading bench-scale clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  while IFS='|' read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "headtohead needs Python 3.11 or later; set PYTHON=/path/to/python3"; exit 64; }
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"

$(STAMP): $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $(STAMP)

report: $(STAMP) ## Write report.html from the built-in evidence, offline
	$(BIN)/h2h report --out report.html

# Each worker takes whole stretches of the tests, so that what a module makes is made once. Tests
# wait for servers and browsers: on two cores a third worker uses that time.
test: $(STAMP) ## Run the tests, long simulations in a short version
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow"

test-slow: $(STAMP) ## Run every test, long simulations in full
	$(BIN)/pytest -n 2 --dist worksteal --hypothesis-profile full

check: $(STAMP) format lint types contracts test ## Format, lint, types, contracts and tests

format: $(STAMP) ## Check the formatting
	$(BIN)/ruff format --check .

lint: $(STAMP) ## Check the style rules
	$(BIN)/ruff check .

types: $(STAMP) ## Check the types
	$(BIN)/mypy

contracts: $(STAMP) ## Check which package may import which
	$(BIN)/lint-imports

fix: $(STAMP) ## Format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

evidence: $(STAMP) ## Remake the built-in evidence: make evidence FROM=folder-of-raw-files
	$(BIN)/python scripts/build_evidence.py $(FROM)

withheld: $(STAMP) ## Weigh what may not ship: make withheld FROM=folder-of-raw-files
	$(BIN)/python scripts/weigh_withheld.py $(FROM) 2025-12-15 2026-10-31

names: $(STAMP) ## Read the names of the built-in evidence anew, after a list of names changed
	$(BIN)/python scripts/build_evidence.py

screenshots: $(STAMP) ## Take the pictures of README and tutorial anew; needs Chromium
	$(BIN)/python -m scripts.take_pictures
	H2H_SCREENSHOTS=$(CURDIR)/docs/tutorial/images $(BIN)/pytest -q tests/arena/test_arena_browser.py -k pictures

docs: $(STAMP) ## Write the reference pages from the code
	$(BIN)/python scripts/write_reference.py

docs-site: $(UV) ## Make the documentation site in docs/_site, offline, warnings as errors
	UV_PROJECT_ENVIRONMENT=.venv-docs $(UV) sync --frozen --quiet --no-default-groups --group docs --python $(PYTHON)
	.venv-docs/bin/python -m sphinx -q -W --keep-going -b html -d docs/_site/.doctrees docs docs/_site
	.venv-docs/bin/python scripts/check_site.py docs/_site

release-check: $(STAMP) ## Build wheel and source archive twice, and check what is in them
	$(BIN)/python -m scripts.write_promises --check
	$(BIN)/python -m scripts.check_release --out dist $(if $(MANIFEST),--manifest $(MANIFEST)) $(if $(INSTALL),--install)

promises: $(STAMP) ## Write down, for a release, what 1.x promises to keep
	$(BIN)/python -m scripts.write_promises

bench: $(STAMP) ## Measure speed and size, side by side
	$(BIN)/python benchmarks/first_use.py

bench-house: $(STAMP) ## Measure the code itself: make bench-house BEFORE=revision
	$(BIN)/python -m benchmarks.house $(if $(BEFORE),--before $(BEFORE)) --page docs/benchmarks/house.md

bench-ratings: $(STAMP) ## Measure ratings beside their peers: makes the peers' environment, takes half an hour
	$(BIN)/python -m benchmarks.ratings --page docs/benchmarks/ratings.md

bench-capability: $(STAMP) ## Measure the capability index beside scipy: make bench-capability FROM=folder-of-raw-files
	$(BIN)/python -m benchmarks.capability --evidence $(FROM) --page docs/benchmarks/capability.md

bench-sequential: $(STAMP) ## Measure how many items the sequential test needs, beside fixed samples
	$(BIN)/python -m benchmarks.sequential --page docs/benchmarks/sequential.md

bench-reading: $(STAMP) ## Measure how fast logs are read, beside plain JSON
	$(BIN)/python -m benchmarks.reading --page docs/benchmarks/reading.md

bench-serving: $(STAMP) ## Fit the serving model to measured rows: make bench-serving ROWS=file.csv
	$(BIN)/python -m benchmarks.serving --page docs/benchmarks/serving.md $(if $(ROWS),--rows $(ROWS))

bench-scale: $(STAMP) ## Rank 100 million votes, here and on Spark, and price ten million calls
	$(BIN)/python -m benchmarks.scale --page docs/benchmarks/scale.md

bench-trading: $(STAMP) ## Measure the trading replay beside NautilusTrader: makes its environment (Python 3.12 or later)
	$(BIN)/python -m benchmarks.trading --page docs/benchmarks/trading.md

bench-comparing: $(STAMP) ## Measure a comparison of ten thousand items beside scipy
	$(BIN)/python -m benchmarks.comparing --page docs/benchmarks/comparing.md

clean: ## Remove the environment and caches
	rm -rf $(VENV) .venv-docs docs/_site .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
