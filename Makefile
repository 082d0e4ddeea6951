# Everything a newcomer, a maintainer and CI do. Each target installs what it needs and is safe to repeat.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

EASEL := .build/release/easel
SOURCES := Package.swift Sources Tests Examples

.PHONY: help packages build run demo test prove check format docs bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

packages: # the Debian packages that are missing
	@scripts/install-packages.sh scripts/packages.txt

build: packages ## build the release binary, .build/release/easel
	@swift build -c release --product easel

run: build ## serve here, with sandbox providers when no keys are in the environment
	@EASEL_COMMIT=$$(git rev-parse --short=12 HEAD 2>/dev/null || true) exec $(EASEL) up

demo: build ## send a few remixes through a gateway, one failing over, and print the report
	@$(EASEL) up --demo

test: packages ## build and run every test, real PostgreSQL included
	@scripts/python-tools.sh
	@scripts/prometheus.sh
	@swift build --build-tests
	@scripts/test.sh

prove: packages ## test with every random case and every long proof, and fuzz what reads foreign bytes (half an hour)
	@scripts/python-tools.sh
	@scripts/prometheus.sh
	@swift build --build-tests
	@swift run -c release fuzz
	@EASEL_PROVE=1 scripts/test.sh

check: packages ## formatting, warnings as errors, documentation with broken links as errors
	@swift format lint --strict --parallel --recursive $(SOURCES)
	@scripts/check-text.sh
	@scripts/folder-arrows.py
	@swift build --build-tests --explicit-target-dependency-import-check error
	@scripts/reference.sh --check
	@scripts/docs.sh

format: ## format the sources in place
	@swift format --in-place --parallel --recursive $(SOURCES)

docs: packages ## build the documentation into .build/docs
	@scripts/docs.sh

bench: build ## measure against reference programs in the same run
	@scripts/install-packages.sh scripts/packages-bench.txt
	@Benchmarks/run.sh

clean: ## remove what was built; data in .easel stays
	@rm -rf .build
