# Fairlead: build, run, test. Everything a machine needs beyond Swift 6.2 and Debian 12 is installed by `scripts/packages`.

SHELL := /bin/bash
SWIFT ?= swift
BINARY := .build/release/fairlead
RELEASE := -c release --product fairlead --static-swift-stdlib

.PHONY: run build debug lint test bench soak clean

run: build
	@scripts/run

build:
	@scripts/packages build
	$(SWIFT) build $(RELEASE)

debug:
	@scripts/packages build
	$(SWIFT) build --build-tests

lint:
	@scripts/lint

test:
	@scripts/test

bench: build
	@scripts/packages bench
	@if [ "$(FULL)" = 1 ]; then scripts/peers; fi
	@FULL=$(FULL) RECORD=$(RECORD) Benchmarks/run

soak: build
	@scripts/soak

clean:
	rm -rf .build .build-clients .venv
