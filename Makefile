# Every target does its own set-up first, and is quick when there is nothing to install.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench fuzz mutants dist packaging generate servers setup

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:
	@scripts/setup.sh

build: setup ## both programs, release build, in target/release
	@scripts/build.sh

demo: setup ## the whole story in the terminal, in about a minute after set-up
	@scripts/servers.sh 18
	@scripts/demo.sh

test: setup ## all tests, on real servers of majors 14 to 18
	@scripts/servers.sh
	@scripts/python.sh
	cargo test --locked --workspace --no-fail-fast

lint: ## formatting, clippy, the documentation build and the rules for dependencies, all without a warning
	@scripts/setup.sh lint
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps
	@scripts/deny.sh

fuzz: setup ## every reader of untrusted bytes, SECONDS (300) each
	@scripts/fuzz.sh $(or $(SECONDS),300)

mutants: setup ## whether the tests notice each line of the verifier and the policy that is changed, in an hour
	@scripts/mutants.sh

dist: setup ## an archive of both programs with man pages, completions, bills of materials and checksums, in dist
	@scripts/dist.sh

packaging: dist ## that archive, installed as AGENT.md says in a small Debian that is booted for it; as root
	@scripts/setup.sh packaging
	@scripts/servers.sh 18
	@scripts/packaging.sh

bench: ## time and memory on a generated schema of 1,400 tables
	@scripts/setup.sh bench
	@scripts/servers.sh
	@scripts/bench.sh

generate: setup ## the tables of built-ins, from real servers of majors 14 to 18
	@scripts/servers.sh
	@scripts/generate.sh

servers: setup ## the servers that the tests run against, in .servers
	@scripts/servers.sh
