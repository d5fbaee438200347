PYTHON ?= python3
# Where the collections are that benchmarks read.
DATA ?= ../shared/data
BIN := .venv/bin
# In compat mode the checkout is on the path itself, so that a folder called index elsewhere does not hide the package.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	--config-settings editable_mode=compat

.PHONY: app test faults lint gate check report screenshots bench bench-encoding bench-load bench-seeds bench-scale ablation reader lock clean

# The main job: the environment, the index of seeds/, the page on 127.0.0.1.
app: .venv/app
	$(BIN)/qa index seeds
	$(BIN)/qa serve --open

# The tests, a file at a time in each of two processes, which may reach this machine only; each computes in one thread, as on
# two cores four get in each other's way.
test: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docs/screenshots.py

# What must pass before a change goes in.
check: lint test gate

# Fails if hybrid got worse on the gold set than the committed report says, by more than chance.
gate: .venv/app
	$(BIN)/qa index seeds
	$(BIN)/qa eval --systems hybrid --baseline eval/report.json --gate 'nDCG@10:-0.01'

# Writes the committed report that the gate compares with.
report: .venv/app
	$(BIN)/qa index seeds
	$(BIN)/qa eval --json > eval/report.json

# Pictures of the pages, by Chromium: docs/screenshots.
screenshots: .venv/test
	$(BIN)/python docs/screenshots.py

# What every step of the pipeline is worth on public collections: docs/quality.md. make ablation DATA=folder; half an hour the first time.
ablation: .venv/test
	$(BIN)/qa index seeds
	$(BIN)/python -m eval.quality $(DATA)

# Trains what tells whether a passage answers, index/reader.safetensors, and then fits confidence, of which it is a part:
# make reader DATA=folder; two hours on 2 cores. On SQuAD's questions first, then on those written for it as well.
reader: .venv/test
	$(BIN)/qa index seeds
	$(BIN)/python -m eval.reader $(DATA)/squad_v2_dev
	$(BIN)/python -m eval.reader $(DATA)/squad_v2_dev --further
	$(BIN)/python -m eval.quality --fit $(DATA)

# Speed and memory on the seeds.
bench-seeds: .venv/app
	$(BIN)/qa index seeds
	$(BIN)/python -m eval.bench

# What can go wrong while an index is written, read and updated, ten times over.
faults: .venv/test
	for round in 1 2 3 4 5 6 7 8 9 10; do \
		EVERY_FAULT=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile \
			tests/test_live.py tests/test_store.py tests/test_damage.py tests/test_doctor.py || exit 1; \
	done

# How fast passages are encoded, and what of that rate a build keeps: make bench-encoding CORPUS=folder/squad_v2_dev/corpus.jsonl,
# or without CORPUS on the seeds, which are so few that a build's own second weighs.
bench-encoding: .venv/app
	$(BIN)/python -m eval.encoding $(CORPUS)

# Speed against LangChain, txtai, Haystack and LlamaIndex, at 1,000 and 10,000 passages: docs/speed.md and docs/speed.png.
# make bench DATA=folder, with books_100k in it; up to SIZE=100k or SIZE=1m takes half an hour and an hour more.
SIZES_ = 1000,10000
SIZES_100k = $(SIZES_),100k
SIZES_1m = $(SIZES_100k),1m
bench: .venv-peers/done
	.venv-peers/bin/python -m eval.speed --data $(DATA) --sizes $(SIZES_$(SIZE))

# 50 people ask the page of books_100k 10,000 questions, its index being replaced meanwhile: docs/load.md. make bench-load DATA=folder;
# the first time it builds that index, a quarter of an hour on 2 cores.
bench-load: .venv/load
	$(BIN)/python -m eval.load --data $(DATA)

# The peers in an environment of their own: one of them wants an older PyStemmer.
.venv-peers/done: pyproject.toml constraints.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	grep -vi '^pystemmer=' constraints.txt > .venv-peers/constraints.txt
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --constraint .venv-peers/constraints.txt \
		--config-settings editable_mode=compat --editable ".[peers]"
	touch $@

.venv/app: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, found " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/test: .venv/app
	$(PIP) --editable ".[test]"
	touch $@

.venv/load: .venv/app
	$(PIP) --editable ".[load]"
	touch $@

# The same with 100,000 passages: make bench-scale DATA=folder, with books_100k in it.
bench-scale: .venv/app
	$(BIN)/python -m eval.scale $(DATA)

# Writes the versions that the environment has now as those to install.
lock: .venv/test
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

clean:
	rm -rf .venv .venv-peers index/store build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
