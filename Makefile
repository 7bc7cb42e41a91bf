# One command for each routine task. Everything builds in release configuration: the engine is 50 times
# slower without optimization, and so would be its tests.

SWIFT ?= swift
# TRAITS=DICOM builds with the package trait of that name, TRAITS=DICOM,MPI with both.
TRAITS ?=
BUILD = $(SWIFT) build -c release$(if $(TRAITS), --traits $(TRAITS))
TRAIT_PACKAGES = $(if $(findstring DICOM,$(TRAITS)),libcharls-dev libopenjp2-7-dev) \
  $(if $(findstring MPI,$(TRAITS)),libopenmpi-dev) \
  $(if $(findstring Serve,$(TRAITS)),libmicrohttpd-dev)
# For checks whose time is mostly building: Swift without optimization builds in a third of the time, and the
# kernels, which are in C, have theirs.
QUICK = $(SWIFT) build -c debug -Xcc -O2
OUT ?= keepfit-demo
PREFIX ?= /usr/local

.PHONY: all build demo test examples bench build-benchmarks docs check-docs format lint install install-packages \
  build-address build-threads check-resume check-mpi check-dicom check-serve check-memory check-threads check-levels \
  test-address test-threads clean

all: build

build: install-packages
	$(BUILD) --product keepfit

## Runs the complete pipeline on synthetic fundus images; open $(OUT)/report.html afterwards.
demo: build
	.build/release/keepfit demo --out $(OUT) --force

## Builds and runs every test, and the examples as an external project would build them.
test: install-packages
	$(BUILD) --build-tests
	$(SWIFT) test -c release --skip-build
	Scripts/run-examples

## The packages in Examples/, built and run from outside of this one.
examples: install-packages
	Scripts/run-examples

## Measures KeepFIT and the Python peers alternately and writes Docs/benchmarks.md.
bench: build
	Benchmarks/run

## Builds the programs of Benchmarks/, against the libraries in .build.
build-benchmarks: install-packages
	$(BUILD) --package-path Benchmarks --scratch-path .build

## A pretraining run that is killed and resumed must be bit-identical to an uninterrupted one.
check-resume: build
	python3 Scripts/checks/kill_and_resume.py --keepfit .build/release/keepfit --kills 4 --steps 120

## What is checked with the address sanitizer and all traits: one build for four checks.
ADDRESS = -c debug -Xcc -O2 --sanitize address --traits DICOM,MPI,Serve --scratch-path .build-asan
build-address: install-packages
	@Scripts/install-packages libcharls-dev libopenjp2-7-dev libopenmpi-dev openmpi-bin libmicrohttpd-dev
	$(SWIFT) build $(ADDRESS) --build-tests

## Two MPI ranks must train as one process with their batches together, and survive the failure of one. Open MPI's
## own allocations at its end are no leaks of ours.
check-mpi: build-address
	ASAN_OPTIONS=detect_leaks=0 python3 Scripts/checks/mpi_parity.py --keepfit .build-asan/debug/keepfit --steps 4

## DICOM files of each kind against what pydicom reads in them, commands on them, and damaged ones.
check-dicom: build-address
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test $(ADDRESS) --skip-build --filter DICOM

## The local page, its JSON interface and its limits; the page in headless Chromium, where there is one.
check-serve: build-address
	@command -v chromium >/dev/null || Scripts/install-packages chromium || true
	ASAN_OPTIONS=detect_leaks=0 python3 Scripts/checks/serve.py --keepfit .build-asan/debug/keepfit --requests 40

## Damaged files for every reader.
check-memory: build-address
	.build-asan/debug/keepfit-fuzz --cases 10000

## Uses one model from many threads under ThreadSanitizer. What the sanitizer cannot see is in the suppressions.
build-threads: install-packages
	$(QUICK) --sanitize thread --product keepfit-threads --scratch-path .build-tsan

check-threads: build-threads
	TSAN_OPTIONS="suppressions=Tests/Threads/sanitizer.supp ignore_noninstrumented_modules=1" \
	  .build-tsan/debug/keepfit-threads

## Every test with the address sanitizer and all traits, and every test with ThreadSanitizer: half an hour each.
test-address: build-address
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test $(ADDRESS) --skip-build

test-threads: install-packages
	$(QUICK) --sanitize thread --build-tests --scratch-path .build-tsan
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Threads/sanitizer.supp ignore_noninstrumented_modules=1" \
	  $(SWIFT) test -c debug -Xcc -O2 --sanitize thread --scratch-path .build-tsan --skip-build

## The kernels as processors without AVX-512, and without AVX2, run them: each level is a build of its own.
check-levels: install-packages
	for level in x86-64-v2 x86-64-v3; do \
	  $(QUICK) -Xcc -DFK_CLONES= -Xcc -march=$$level --build-tests --scratch-path .build-levels && \
	  $(SWIFT) test -c debug -Xcc -O2 -Xcc -DFK_CLONES= -Xcc -march=$$level --scratch-path .build-levels --skip-build \
	    --filter FundusTensorTests || exit 1; \
	done

## The documentation of all libraries, with warnings as errors, in .build/documentation.
docs: install-packages
	$(BUILD)
	Scripts/build-docs

## Links between the Markdown files, and code that they quote from the examples.
check-docs:
	Scripts/check-docs

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests Examples Benchmarks/Package.swift Benchmarks/Sources

lint:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Examples Benchmarks/Package.swift Benchmarks/Sources

## The command, with its manual page and completions for bash, zsh and fish. It needs no Swift toolchain,
## only the C libraries that README.md lists.
install: install-packages
	$(BUILD) --static-swift-stdlib --product keepfit --scratch-path .build-install
	Scripts/install .build-install/release/keepfit "$(DESTDIR)$(PREFIX)"

## The Debian packages that the build needs, where any is missing.
install-packages:
	@Scripts/install-packages $(TRAIT_PACKAGES)

clean:
	rm -rf .build .build-asan .build-tsan .build-levels .build-install
