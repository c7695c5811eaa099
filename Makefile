# Everything lives in .venv; nothing outside this folder is touched (but see test-needs).
# Another Python: `make install PYTHON=python3.12`. Another configuration: `make run CONFIG=my.toml`.

PYTHON ?= python3
CONFIG ?= config.toml
# The port of `make demo`; its publisher takes the next one.
DEMO_PORT ?= 8430
# More words for pytest: `make test PYTEST_ARGS="-k laws"`.
PYTEST_ARGS ?=
# Which attacks `make torture` makes (all, or such as PART=kills), and how long its soak lasts.
PART ?=
HOURS ?= 3
# The histories of `make verify-laws`: which, how many, and of how many steps each.
SEED ?= 1
HISTORIES ?= 100
STEPS ?= 25
# How long `make fuzz` looks, all targets together.
SECONDS ?= 60
# `make bench QUICK=1`: a few minutes; FULL=1: up to a million entries and 5,000 sources (hours).
# `make bench-check FULL=1` compares with the usual run, without it with the quick one.
QUICK ?=
FULL ?=
# `make bench KEEP=1` writes benchmarks/results and the table of docs/performance.md.
KEEP ?=
# In the names of the pictures that `make bench-profile` draws.
AS ?= now
# Publication times for `make bench-schedule`, of the form that docs/polling.md tells.
TRACES ?=
# Labelled pairs of titles and a stream of headlines for `make bench-stories`, as docs/stories.md tells.
PAIRS ?=
STREAM ?=
# How many sources `make bench-fleet` ends with.
SOURCES ?=
# Beside how many entries it measures what the store takes to let one join.
WINDOWS ?=
# Translations for `make catalogue`: a JSON object, English to Chinese.
TRANSLATED ?=
# The folder of documents that `make fidelity` reads; without one, the corpus or the tests' own.
DIR ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What the environment is made from; a change in one of them makes it again.
RECIPE := pyproject.toml constraints.txt aggregator/__init__.py

# For `make deb`, `make verify-deb` and `make verify-container`: the package's Python and processor, the
# package of the release before, and further words for `buildah build`.
DEB ?=
# For `make release`.
VERSION ?=
TRIAL ?=
BEFORE ?=
PACKAGE ?=
BUILD_ARGS ?=
VERIFY_NEEDS := DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install install-hashed run test demo bench bench-check bench-pages bench-profile bench-schedule bench-stories bench-subscribers bench-fleet verify-fleet verify-laws torture fuzz clients fidelity golden pictures site date-names config-docs catalogue constraints wheels deb release verify-container verify-deb verify-systemd verify-docs audit clean python test-needs clients-needs bench-needs site-needs

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'

install: $(VENV)/.for-running ## build .venv with what running needs (.venv/bin/aggregator)
	@$(BIN)/python -m compileall -qq aggregator || true  # a service cannot write bytecode into its code

install-hashed: | $(VENV)/.made ## as install, and every file is checked by its hash (CPython 3.11 to 3.13, x86_64 or aarch64)
	@sed -n '/^setuptools==/,/[^\\]$$/p' release-constraints.txt > $(VENV)/.builder  # for what has no wheel
	$(PIP) install --require-hashes --requirement $(VENV)/.builder
	$(PIP) install --require-hashes --no-build-isolation --requirement release-constraints.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.for-running
	@$(BIN)/python -m compileall -qq aggregator || true

run: install ## start the daemon with config.toml and print the URLs to subscribe to
	@exec $(BIN)/aggregator run --config $(CONFIG)

test: $(VENV)/.for-testing test-needs site-needs ## ruff, mypy and every test
	@status=0; \
	for check in 'ruff check' 'ruff format --check' 'mypy' 'pytest -n auto $(PYTEST_ARGS)'; do \
		echo "== $$check"; $(BIN)/$$check || status=1; \
	done; exit $$status

demo: install ## watch entries arrive, without internet: a publisher on loopback and the daemon
	@exec $(BIN)/python demo/publisher.py --port $(DEMO_PORT)

bench: $(VENV)/.for-testing bench-needs ## how fast it is, beside newsboat, reader and nginx (half an hour): make bench QUICK=1
	@$(BIN)/python -m benchmarks.speed run --mode $(if $(QUICK),quick,$(if $(FULL),full,usual)) $(if $(KEEP),--keep)

bench-check: $(VENV)/.for-testing bench-needs ## is it slower than what is kept in benchmarks/results? 1 if so: make bench-check FULL=1
	@$(BIN)/python -m benchmarks.speed check --mode $(if $(FULL),usual,quick)

bench-profile: $(VENV)/.for-testing bench-needs ## draw where the time of a cold and a warm poll goes, into docs/pictures
	@$(BIN)/python -m benchmarks.speed.flames --as $(AS)

bench-pages: $(VENV)/.for-testing ## how soon pages begin to come beside 100,000 stored entries (five minutes)
	@$(BIN)/python -m benchmarks.pages

bench-schedule: install ## how long entries wait, against other schedules (minutes): make bench-schedule TRACES=file
	@$(BIN)/python -m benchmarks.schedule $(if $(TRACES),--traces $(TRACES))

bench-stories: install ## how well stories are told apart (seconds): make bench-stories PAIRS=file.tsv STREAM=file.csv
	@$(BIN)/python -m benchmarks.stories $(if $(PAIRS),--pairs $(PAIRS)) $(if $(STREAM),--stream $(STREAM)) $(if $(WINDOWS),--windows $(WINDOWS))

bench-subscribers: $(VENV)/.for-testing ## a month in a feed's readers' lives: nothing missed, nothing twice (seven minutes)
	@$(BIN)/python -m benchmarks.subscribers

bench-fleet: $(VENV)/.for-testing ## workers beside a million sources on PostgreSQL (ten minutes): make bench-fleet SOURCES=100000
	@$(BIN)/python -m benchmarks.fleet $(if $(SOURCES),--sources $(SOURCES))

verify-fleet: $(VENV)/.for-testing ## kill any process of a fleet every few seconds for two minutes; 1 if anything is lost or doubled
	@$(BIN)/python -m benchmarks.fleet.chaos --seed $(SEED)

verify-laws: $(VENV)/.for-testing ## any histories of sources and readers against the laws: make verify-laws SEED=1 HISTORIES=500
	@$(BIN)/python -m benchmarks.laws --seed $(SEED) --histories $(HISTORIES) --steps $(STEPS)

torture: $(VENV)/.for-testing ## kill, starve and confuse the daemon; 1 on any violation (long): make torture PART=kills
	@$(BIN)/python -m benchmarks.torture $(PART) --hours $(HOURS)

fuzz: $(VENV)/.for-testing ## look for what breaks the readers of strangers' bytes: make fuzz SECONDS=600
	@$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

fidelity: install ## what becomes of real documents, read again and compared: make fidelity DIR=folder
	@$(BIN)/python -m benchmarks.fidelity $(DIR)

clients: $(VENV)/.for-testing clients-needs ## what feed readers make of our feeds (newsboat, reader, feedparser, rss-parser, feedsmith)
	@$(BIN)/python -m benchmarks.clients

golden: $(VENV)/.for-testing ## write tests/golden again and show what changed
	$(BIN)/python -m tests.golden
	git --no-pager diff --stat --patch -- tests/golden

pictures: $(VENV)/.for-testing test-needs ## draw the pages for the documentation again, into docs/pictures
	@$(BIN)/python -m tests.pictures

site: site-needs ## the documentation as a site, into build/site; a warning is an error
	@$(PYTHON) -m release.docs_site build/zensical/bin/zensical

date-names: $(VENV)/.for-testing ## write the names of months and weekdays again, as CLDR has them
	$(BIN)/python -m tests.date_names
	git --no-pager diff --stat --patch -- aggregator/parse/date_names.py

config-docs: $(VENV)/.for-testing ## write the tables of docs/config.md again, as the keys are declared
	$(BIN)/python -m tests.config_docs
	git --no-pager diff --stat --patch -- docs/config.md

catalogue: $(VENV)/.for-testing ## write the catalogue of messages again, and list what has no translation yet
	@$(BIN)/python -m tests.catalogue $(TRANSLATED)
	git --no-pager diff --stat -- aggregator/language

constraints: python ## choose the newest versions that pyproject.toml allows (writes both files of constraints)
	@set -e; fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(PYTHON) -m venv "$$fresh"; \
	"$$fresh/bin/python" -m pip --disable-pip-version-check --quiet install --editable '.[test]'; \
	"$$fresh/bin/python" -m pip freeze --exclude-editable > "$$fresh/constraints.txt"; \
	cp "$$fresh/constraints.txt" constraints.txt; \
	"$$fresh/bin/python" -m release.hashes > "$$fresh/release-constraints.txt"; \
	cp "$$fresh/release-constraints.txt" release-constraints.txt; \
	"$$fresh/bin/python" -m release.hashes fleet > "$$fresh/fleet-constraints.txt"; \
	cp "$$fresh/fleet-constraints.txt" container/fleet-constraints.txt
	@git --no-pager diff --stat -- constraints.txt release-constraints.txt container/fleet-constraints.txt

wheels: $(VENV)/.for-testing ## ask whether all that running needs has wheels on x86_64, aarch64, armv7l (needs the network; 1 if not)
	@$(BIN)/python -m release.wheels build/wheels

deb: $(VENV)/.for-testing ## the Debian package, into build/deb: make deb DEB="--python 3.13 --machine aarch64" (needs the network)
	@$(BIN)/python -m release.deb build/deb $(DEB)

release: $(VENV)/.for-testing ## date the changelog, tag, and make all files in dist: make release VERSION=0.3.0 (TRIAL=1: the files alone)
	@test -n "$(VERSION)" || { echo "make: which version? make release VERSION=0.3.0" >&2; exit 1; }
	@test -x build/release/bin/python || $(PYTHON) -m venv build/release
	@build/release/bin/python -m pip --disable-pip-version-check --quiet install 'build>=1.6,<2' 'twine>=7,<8' 'cyclonedx-bom>=7.5,<8'
	@$(BIN)/python -m release.make_release $(VERSION) $(if $(TRIAL),--untagged)

verify-container: $(VENV)/.for-testing ## build the image with buildah, and prove in bubblewrap what is said of it (root; long)
	@$(VERIFY_NEEDS) buildah bubblewrap mmdebstrap
	@$(BIN)/python -m release.verify_container $(BUILD_ARGS)

verify-deb: $(VENV)/.for-testing ## build the package, install, run, upgrade and purge it in a chroot (root; long): make verify-deb BEFORE=old.deb
	@$(VERIFY_NEEDS) mmdebstrap
	@$(BIN)/python -m release.verify_deb $(BEFORE)

verify-systemd: $(VENV)/.for-testing ## boot the package under a systemd of its own (root; long): make verify-systemd PACKAGE=file.deb
	@$(VERIFY_NEEDS) mmdebstrap systemd-container
	@$(BIN)/python -m release.verify_systemd $(PACKAGE)

verify-docs: $(VENV)/.for-testing site-needs ## build the site; run what the documentation shows, behind nginx, Caddy and HAProxy, too
	@missing=; \
	for one in nginx caddy haproxy openssl curl; do \
		command -v $$one > /dev/null || test -x /usr/sbin/$$one || missing="$$missing $$one"; done; \
	[ -z "$$missing" ] || { apt-get -qq update && $(VERIFY_NEEDS) $$missing > /dev/null; }
	@VERIFY_DOCS=1 $(BIN)/pytest tests/test_docs.py tests/test_docs_blocks.py tests/test_docs_servers.py tests/test_docs_site.py

audit: python ## ask whether what is installed has known vulnerabilities (needs the network; 1 if so)
	@test -x build/audit/bin/python || $(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip --disable-pip-version-check --quiet install 'pip-audit>=2.10,<3' || true
	@$(PYTHON) -m release.audit build/audit/bin/pip-audit

clean: ## remove .venv and every cache; configuration and database stay
	rm -rf $(VENV) build dist aggregator.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets above stand on ---------------------------------------------------------

python:
	@command -v $(PYTHON) > /dev/null || { \
		echo "make: no $(PYTHON) here; install Python 3.11 or newer, or name one: make PYTHON=python3.12 …" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1), and 3.11 or newer is needed; name another: make PYTHON=python3.12 …" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "make: $(PYTHON) cannot make environments; on Debian: sudo apt install python3-venv" >&2; \
		exit 1; }

$(VENV)/.made: | python
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.for-running: $(RECIPE) | $(VENV)/.made
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.for-testing: $(RECIPE) | $(VENV)/.made
	$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $(VENV)/.for-running $@

# The unit file is tested with Debian's own tool, what is published in its own browser, with fonts for
# Chinese, the store behind its own pooler. Only root in a container lacks them and can have them at once; for everybody else those tests are listed as skipped.
test-needs:
	@missing=; \
	command -v systemd-analyze > /dev/null || missing=systemd; \
	command -v chromium > /dev/null || missing="$$missing chromium"; \
	PATH="$$PATH:/usr/sbin" command -v pgbouncer > /dev/null || missing="$$missing pgbouncer"; \
	ls /usr/share/fonts/*/*/NotoSansCJK* > /dev/null 2>&1 || missing="$$missing fonts-noto-cjk"; \
	[ -z "$$missing" ] || ! command -v apt-get > /dev/null || [ "$$(id -u)" != 0 ] || \
		{ export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && \
		apt-get -qq install --yes --no-install-recommends $$missing > /dev/null; } || \
		echo "make: could not install $$missing; their tests fail or are skipped" >&2

# newsboat is Debian's; the others come from their registries, into build/ and nowhere else.
clients-needs:
	@command -v node > /dev/null || { echo "make: no node here; install Node 20 or newer" >&2; exit 1; }
	@command -v newsboat > /dev/null || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] && \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends newsboat > /dev/null; } || { \
		echo "make: no newsboat here; on Debian: sudo apt install newsboat" >&2; exit 1; }
	@mkdir -p build/clients && cp benchmarks/clients/package.json build/clients/
	@cd build/clients && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@test -x build/clients/venv/bin/python || $(PYTHON) -m venv build/clients/venv
	@build/clients/venv/bin/python -m pip --disable-pip-version-check --quiet install -r benchmarks/clients/requirements.txt

site-needs: python
	@test -x build/zensical/bin/python || $(PYTHON) -m venv build/zensical
	@build/zensical/bin/python -m pip --disable-pip-version-check --quiet install 'zensical>=0.0.73,<0.2'

# nginx, wrk, newsboat and curl are Debian's; what is from PyPI goes into build/ and nowhere else.
# What cannot be had is left out of the table, and said so.
bench-needs:
	@missing=; \
	for one in nginx wrk newsboat curl openssl; do \
		command -v $$one > /dev/null || test -x /usr/sbin/$$one || missing="$$missing $$one"; done; \
	[ -z "$$missing" ] || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] && \
		export DEBIAN_FRONTEND=noninteractive && apt-get -qq update && \
		apt-get -qq install --yes --no-install-recommends $$missing > /dev/null; } || \
		echo "make: could not install$$missing; on Debian: sudo apt install$$missing" >&2
	@test -x build/bench/bin/python || $(PYTHON) -m venv build/bench
	@build/bench/bin/python -m pip --disable-pip-version-check --quiet install -r benchmarks/speed/requirements.txt || \
		echo "make: could not install reader and py-spy; what needs them is left out" >&2
