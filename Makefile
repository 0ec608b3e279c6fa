# Two commands: `make run` and `make test`. Both set up whatever is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo
DATA ?= data/demo
MODELS ?= $(HOME)/.local/share/daak/models
TARGET := $(or $(CARGO_TARGET_DIR),target)
export OMP_THREAD_LIMIT = 1

.PHONY: help run test bench train eval lint fmt doc model console setup-run setup-test setup-bench unit console-test

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup-run:
	@deploy/setup/packages.sh run

setup-test:
	@deploy/setup/packages.sh test

setup-bench:
	@deploy/setup/packages.sh bench

console/node_modules/.stamp: console/package-lock.json
	@echo "installing the console's packages"
	@cd console && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

console: console/node_modules/.stamp ## builds the web console into console/dist
	@cd console && npm run --silent build

run: setup-run console ## builds and serves the demonstration helpline on loopback
	@$(CARGO) build --release --locked --bin daak
	@$(TARGET)/release/daak model fetch --into $(MODELS) || echo "Without the speech model everything else still runs: callers' voices are kept and written down by people."
	@exec $(TARGET)/release/daak serve --demo --data $(DATA)

model: setup-run ## fetches and converts the speech model
	@$(CARGO) run --release --locked --bin daak -- model fetch --into $(MODELS)

unit: ## Rust tests only, nothing installed
	@$(CARGO) test --workspace --locked

console-test: console/node_modules/.stamp
	@cd console && npm run --silent check && npm run --silent test

test: setup-test console console-test ## sets up whatever is missing and runs every test
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@$(CARGO) test --workspace --locked
	@cd console && DAAK_BINARY=$(abspath $(TARGET))/debug/daak npm run --silent browser

bench: setup-bench console ## runs the benchmarks; writes target/bench/*.json
	@benches/run.sh

train: ## makes the model that understands texts, in intelligence/model
	@$(CARGO) run --locked -p daak-intelligence --example workshop -- train

eval: ## measures the model on texts it was never taught; fails where a figure fell
	@$(CARGO) run --locked -p daak-intelligence --example workshop -- eval

lint: console/node_modules/.stamp ## formatting, clippy, types
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@cd console && npm run --silent check

fmt: ## formats everything
	@$(CARGO) fmt --all
	@[ ! -d console/node_modules ] || (cd console && npm run --silent format)

doc: ## the documentation of the code
	@$(CARGO) doc --workspace --no-deps --locked
