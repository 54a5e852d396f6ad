# The usual chores; `make` alone lists them. Everything is installed into .venv, nothing outside it.

# The Python that .venv is made with; to choose another: make PYTHON=python3.13 test
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHOP := runs/demo_shop.csv
TRUTH := runs/demo_shop.truth.parquet
PINS := pyproject.toml constraints.txt
# Tests run side by side: threads that wait must not spin.
PYTEST := OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n 2 --dist worksteal

# The first browser that is there; its sandbox does not start for root.
CHROMIUM ?= $(firstword $(foreach one,chromium chromium-browser google-chrome,$(shell command -v $(one))))
CHROMIUM_ROOT := $(if $(filter 0,$(shell id -u)),--no-sandbox)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo samples notebooks books screenshots test lint slow bench bench-accuracy bench-maps bench-month bench-price bench-tables bench-explain bench-app research setup clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(SHOP) ## Simulate a shop and run the whole job on it; the result is in runs/demo
	@echo "Running the job on $(SHOP), the log of a simulated shop. It is not real data."
	@$(BIN)/willbuy run $(SHOP) --truth $(TRUTH) --name demo --force

samples: $(VENV)/.base ## Make data/ again: a small simulated log, and what a run leaves of its sessions
	@$(BIN)/willbuy simulate --events 5_000 --days 14 --out data/sample_events.csv
	@$(BIN)/willbuy run data/sample_events.csv --name sample --force
	@cp runs/sample/sample_session_features.csv data/

notebooks: $(VENV)/.dev ## Run the notebooks on the demo, and fail where one does
	@test -f runs/demo/metrics.json || $(MAKE) --no-print-directory demo
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest --nbmake --nbmake-timeout=600 notebooks

books: $(VENV)/.dev ## Write the notebooks anew from their .py, with what they show on the demo
	@test -f runs/demo/metrics.json || $(MAKE) --no-print-directory demo
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/books.py notebooks/*.py

screenshots: $(VENV)/.dev ## Draw docs/report.png and docs/app-*.png from the demo; needs chromium
	@test -n "$(CHROMIUM)" || { \
	  echo "Screenshots need chromium; on Debian: apt-get install -y chromium" >&2; exit 1; }
	@test -f runs/demo/metrics.json || $(MAKE) --no-print-directory demo
	@$(BIN)/willbuy report runs/demo
	@$(CHROMIUM) $(CHROMIUM_ROOT) --headless --disable-gpu --hide-scrollbars \
	  --blink-settings=preferredColorScheme=1 --window-size=1280,900 \
	  --screenshot=docs/report.png "file://$(CURDIR)/runs/demo/report.html" 2>/dev/null || { \
	  echo "$(CHROMIUM) could not draw the page." >&2; exit 1; }
	@echo "Screenshot: docs/report.png"
	@$(BIN)/python benchmarks/screenshots.py runs/demo

test: lint ## Check style, types and rooms, then run the tests, except the slow ones
	@$(PYTEST) -m "not slow"

lint: $(VENV)/.dev ## Check style, types and which room imports which
	@$(BIN)/ruff check src tests benchmarks app notebooks
	@$(BIN)/ruff format --check src tests benchmarks app notebooks
	@$(BIN)/mypy
	@$(BIN)/lint-imports

slow: $(VENV)/.dev ## Run the slow tests
	@$(PYTEST) -m slow

bench: $(VENV)/.base $(SHOP) ## Measure the time per row, replayed and live, the simulated shop and the audit
	@$(BIN)/python benchmarks/replay.py --events $(SHOP)
	@$(BIN)/python benchmarks/simulator.py
	@$(BIN)/python benchmarks/ablation.py
	@$(BIN)/python benchmarks/audit.py
	@$(BIN)/python benchmarks/common_recipe.py --events $(SHOP)

bench-month: $(VENV)/.bench ## Measure a long log: beside pandas, Polars and DuckDB, and stage by stage
	@$(BIN)/python benchmarks/month.py
	@$(BIN)/python benchmarks/stages.py --only snapshots

bench-tables: $(VENV)/.bench ## Measure a real table of sessions beside XGBoost, CatBoost and LightGBM
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/shoppers.py

bench-explain: $(VENV)/.base ## Measure what explanations cost, on the demo's run
	@test -f runs/demo/metrics.json || $(MAKE) --no-print-directory demo
	@$(BIN)/python benchmarks/explain.py --run runs/demo

bench-app: $(VENV)/.dev ## Measure how long the app's pages take in a browser, on the demo's run
	@test -f runs/demo/metrics.json || $(MAKE) --no-print-directory demo
	@$(BIN)/python benchmarks/app.py runs/demo

bench-price: $(VENV)/.dev ## Measure whether price effects are found in shops whose truth is known; an hour
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/price.py
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/price_model.py

research: $(VENV)/.dev ## Hold nets, sequences and a blend against the trees, on a simulated month
	@test -f runs/research/metrics.json || { \
	  $(BIN)/willbuy simulate --events 3_500_000 --out runs/research_shop.parquet \
	    --truth runs/research_shop.truth.parquet && \
	  $(BIN)/willbuy run runs/research_shop.parquet --truth runs/research_shop.truth.parquet \
	    --name research; }
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/willbuy compare runs/research --curve

bench-accuracy: $(VENV)/.bench ## Measure how good predictions are: beside the recipe, AutoGluon, ceilings
	@for world in default bargains; do for seed in 0 1; do \
	  OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/accuracy.py --world $$world --seed $$seed \
	    --events 5_000_000 --out runs/accuracy/$$world-$$seed || exit 1; \
	done; done
	@$(BIN)/python benchmarks/accuracy.py --tables $(foreach world,default bargains,\
	  runs/accuracy/$(world)-0 runs/accuracy/$(world)-1)
	@$(BIN)/python benchmarks/accuracy.py --head --seconds 60 --out runs/accuracy/head

bench-maps: $(VENV)/.bench ## Measure calibration maps, and variants of the model, over simulated shops
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/calibration.py
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/variants.py

setup: $(VENV)/.dev ## Install everything for work on willbuy into .venv

clean: ## Remove the demo and all caches here; .venv and other runs stay
	@rm -rf runs/demo runs/sample $(SHOP) $(TRUTH) build dist .hypothesis .import_linter_cache .mypy_cache
	@rm -rf .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(SHOP): $(wildcard src/willbuy/simulator/*.py) | $(VENV)/.base
	@$(BIN)/willbuy simulate --events 1_000_000 --out $@ --truth $(TRUTH)

# The stamps say for which pins .venv was last filled, so that a second call has nothing to do.
$(VENV)/.base: $(PINS) | $(BIN)/pip
	@echo "Installing willbuy into $(VENV); the first time takes a minute or two ..."
	@$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(PINS) | $(BIN)/pip
	@echo "Installing willbuy and its tools into $(VENV); the first time takes a minute or two ..."
	@$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.base $@

$(VENV)/.bench: $(PINS) | $(BIN)/pip
	@echo "Installing willbuy and what it is measured beside into $(VENV) ..."
	@$(PIP) install --quiet -c constraints.txt -e '.[bench]'
	@touch $(VENV)/.base $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "willbuy needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module is not complete; on Debian: apt-get install python3-venv" >&2; \
	  exit 1; }
