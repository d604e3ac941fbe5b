# Every target builds with the release profile, so that RocksDB is compiled once for all of them.

CARGO ?= cargo
# More flags for every cargo command, e.g. CARGO_FLAGS=--locked
CARGO_FLAGS ?=
# Passed on to the benchmarks, e.g. BENCH_ARGS=history
BENCH_ARGS ?=
# Passed on to the comparison with other stores, e.g. PEERS_ARGS=--large; see benches/peers/src/args.rs
PEERS_ARGS ?=
# The shapes of data that it takes, of even, shop, news and tail, e.g. SHAPE=shop,news; all of them without
SHAPE ?=
# Passed on to pytest by `make python`, `make sql` and `make distributed`
PYTHON_ARGS ?=
# Passed on to tests/readers.py, e.g. READERS_ARGS="--only Spark,RecBole"
READERS_ARGS ?=
# Where `make install` puts the tool
PREFIX ?= /usr/local
# Of the crashes
SEED ?= 1
STATES ?= 20000
# What tests/observe.rs needs; without it `make demo` and `make lint` build the same.
OBSERVED = annals/tracing,annals/metrics
TARGET = $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help setup demo install dist test crash lint docs bench peers growth cold performance python readers sanitize sql sqlbench exportsbench scale distributed

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Install what the build needs and this machine lacks
	@tools/setup.sh

demo: setup ## Generate a million interactions, import them and query the store (ROWS=n, KEEP=1)
	$(CARGO) build --release -p annals-tool $(CARGO_FLAGS)
	tools/demo.sh

install: setup ## Put the tool on the path, with completions and manual pages (PREFIX=/usr/local)
	$(CARGO) build --release -p annals-tool $(CARGO_FLAGS)
	tools/install.sh $(TARGET)/release/annals $(DESTDIR)$(PREFIX)

dist: setup ## Make a release archive that needs no compiler, and its checksum, in target/dist
	CARGO="$(CARGO)" CARGO_FLAGS="$(CARGO_FLAGS)" tools/dist.sh

test: setup ## Run every test, documented examples included
	$(CARGO) test --release --workspace --features $(OBSERVED) $(CARGO_FLAGS)

crash: setup ## Crash the real store in 20,000 states, kills and failing calls; goes on where it was ended (SEED=1 STATES=20000)
	$(CARGO) build --release -p annals-crash $(CARGO_FLAGS)
	$(TARGET)/release/annals-crash power --seed $(SEED) --states $(STATES) --folder $(TARGET)/crash
	$(TARGET)/release/annals-crash kill --seed $(SEED) --folder $(TARGET)/crash
	$(TARGET)/release/annals-crash faults --seed $(SEED)
	$(TARGET)/release/annals-crash random --seed $(SEED)
	$(TARGET)/release/annals-crash beside --seed $(SEED) --folder $(TARGET)/crash

python: setup ## Build the wheel of the Python package and run its tests (PYTHON=python3.12, PYTHON_ARGS="-k polars")
	CARGO="$(CARGO)" tools/python/build.sh $(PYTHON_ARGS)

readers: setup ## Read exports with 11 libraries; installs them in folders that go (10 GB for PyTorch; Spark needs Java; READERS_ARGS="--only Daft")
	$(CARGO) build --release -p annals-tool $(CARGO_FLAGS)
	python3 tests/readers.py --all $(READERS_ARGS) $(TARGET)/release/annals

sanitize: setup ## Run the tests under AddressSanitizer (needs a nightly toolchain)
	CARGO="$(CARGO)" tools/sanitize.sh

lint: setup ## Check the formatting and run clippy, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets $(CARGO_FLAGS) -- -D warnings

docs: setup ## Build the documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps $(CARGO_FLAGS)

bench: setup ## Run the benchmarks (BENCH_ARGS=filter)
	$(CARGO) bench --workspace $(CARGO_FLAGS) -- $(BENCH_ARGS)

peers: setup ## Compare with other stores, half an hour a shape of data (SHAPE=shop PEERS_ARGS="--rows 1000000")
	benches/peers/setup.sh
	CARGO="$(CARGO)" benches/peers/build.sh run -- $(if $(SHAPE),--shapes $(SHAPE)) $(PEERS_ARGS)

growth: setup ## Load a million rows and ten, by turns, beside other stores (SHAPE=shop PEERS_ARGS="--rows 100000000")
	CARGO="$(CARGO)" benches/peers/build.sh run -- --growth $(if $(SHAPE),--shapes $(SHAPE)) $(PEERS_ARGS)

cold: setup ## First lookups with nothing in the page cache, beside other stores (SHAPE=shop PEERS_ARGS="--rows 1000000")
	CARGO="$(CARGO)" benches/peers/build.sh run -- --cold $(if $(SHAPE),--shapes $(SHAPE)) $(PEERS_ARGS)

sql: setup ## SQL over a store: build, test, also with datafusion-python, which it installs in a folder of its own; takes twenty minutes once
	CARGO="$(CARGO)" tools/sql/build.sh build $(CARGO_FLAGS)
	CARGO="$(CARGO)" tools/sql/build.sh test $(CARGO_FLAGS)
	CARGO="$(CARGO)" tools/sql/python/build.sh $(PYTHON_ARGS)

sqlbench: sql ## Compare annals-sql with DuckDB (ROWS=n RUNS=n); installs DuckDB in a folder of its own
	$(CARGO) build --release -p annals-tool $(CARGO_FLAGS)
	benches/sql/run.sh

exportsbench: python ## Compare training data from annals, DuckDB and polars (ROWS=n RUNS=n SHAPES="even shop"); installs them in a folder of its own
	benches/exports/run.sh

scale: setup ## Load and read 300 million rows in 4 shards, a tenth of it beside (SCALE_ARGS="--rows 10000000 --shards 2")
	$(CARGO) build --release -p annals-tool $(CARGO_FLAGS)
	python3 benches/scale/run.py --annals $(TARGET)/release/annals $(SCALE_ARGS)

distributed: setup ## Read stores with Spark, Ray, Daft and datafusion-distributed and run the tests; installs them and Java in a folder of its own (PYTHON_ARGS="-k ray")
	CARGO="$(CARGO)" tools/distributed/run.sh $(PYTHON_ARGS)
	CARGO="$(CARGO)" tools/sql/build.sh test -p annals-cluster $(CARGO_FLAGS)

performance: ## Write PERFORMANCE.md from the results of the comparison
	python3 benches/peers/performance.py
