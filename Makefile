# `make serve` and `make test` do all their own set-up; `make help` lists the rest.

PYTHON ?= python3
PORT ?= 8000

BIN := .venv/bin
JS := tests/js/node_modules
INSTALLED := .venv/.installed
INSTALLED_TEST := .venv/.installed-test
INSTALLED_JS := $(JS)/.installed

# The first Chromium on PATH, or the one that CHROMIUM= names; the browser tests read it too.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM

# Every pip, old or new, takes the pins, for what is installed and for what builds it.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call debian,packages,what is missing): installs where that is allowed and possible, else says how.
define debian
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "Installing $(2): $(1)"; \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(1); \
else \
	echo "Sepviz needs $(2), which is not on this machine. On Debian or Ubuntu: sudo apt-get install $(1)" >&2; \
	exit 1; \
fi
endef

# As an ordinary installation does; where nothing may be written later, each start would compile all of it again.
COMPILED := $(BIN)/python -m compileall -q app

.PHONY: serve install test test-js test-python check check-python check-imports check-js audit figures bench bench-peers soak format clean help
.DELETE_ON_ERROR:

serve: $(INSTALLED) ## Set up what is missing and start on http://127.0.0.1:8000 (PORT= changes the port)
	$(BIN)/sepviz serve --port $(PORT)

install: $(INSTALLED) ## Make .venv and install Sepviz there (PYTHON= names another Python, 3.11 or newer)

test: test-js test-python ## Set up what is missing and run every test: JavaScript, Python, browser

# node and npm are those of the environment.
test-js: export PATH := $(CURDIR)/$(BIN):$(PATH)
test-js: TESTS = $(wildcard tests/js/*.test.js)
test-js: $(INSTALLED_TEST)
	$(if $(TESTS),node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON --test $(TESTS),@echo "No JavaScript tests in tests/js")

test-python: $(INSTALLED_TEST) tools
	$(BIN)/python -m pytest

# The programs that tests drive.
.PHONY: tools
tools:
	@[ -n "$(CHROMIUM)" ] || command -v chromium >/dev/null || { \
		$(call debian,chromium fonts-dejavu-core,a Chromium for the browser tests (or CHROMIUM=/path/to/one)); }
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { \
		$(call debian,nginx-light,nginx for the tests of what is deployed); }
	@command -v rsvg-convert >/dev/null || { \
		$(call debian,librsvg2-bin fonts-dejavu-core,rsvg-convert for the tests of figures); }
	@command -v redis-server >/dev/null || { \
		$(call debian,redis-server,redis-server for the tests of what servers share); }
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { \
		$(call debian,firefox-esr,a Firefox for the tests of figures); }
	@command -v pdflatex >/dev/null || { \
		$(call debian,texlive-latex-base,pdflatex for the test of the LaTeX snippet); }
	@fc-list 2>/dev/null | grep -q latinmodern-math || { \
		$(call debian,fonts-lmodern fontconfig,a mathematical font for the tests of formulas); }

check: check-python check-imports check-js audit ## Format, lint, types, import contracts and known holes; no tests

check-python: $(INSTALLED_TEST)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

check-imports: $(INSTALLED_TEST)
	$(BIN)/lint-imports --no-logo

check-js: export PATH := $(CURDIR)/$(BIN):$(PATH)
check-js: $(INSTALLED_JS)
	$(JS)/.bin/biome check --error-on-warnings static/js static/css tests/js
	$(JS)/.bin/tsc --project tests/js

audit: $(INSTALLED_TEST) ## Look for known holes in the versions that are pinned, where the database can be reached
	$(BIN)/python tests/support/audit.py constraints.txt

format: export PATH := $(CURDIR)/$(BIN):$(PATH)
format: $(INSTALLED_TEST) $(INSTALLED_JS) ## Write every file as `make check` wants it
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(JS)/.bin/biome check --write static/js static/css tests/js

figures: $(INSTALLED_TEST) ## Draw the stored figures anew, after a change that is meant
	$(BIN)/python -m tests.support.stored_figures

bench: $(INSTALLED_TEST) tools ## Measure speed and memory, each beside its goal
	$(BIN)/python -m tests.bench

bench-peers: $(INSTALLED_TEST) tools ## Measure the same app in Gradio beside Sepviz, in one run
	$(BIN)/python -m tests.bench.peers

# The list of naughty strings is an npm package.
soak: $(INSTALLED_TEST) $(INSTALLED_JS) tools ## What must hold under load and hostile input, each figure beside its goal (10 minutes)
	$(BIN)/python -m tests.soak.run

clean: ## Remove the environment, caches and everything built
	rm -rf .venv $(JS) build dist test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no $(PYTHON) here. Sepviz needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1). Sepviz needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { $(call debian,python3-venv,Python with venv); }
	"$(PYTHON)" -m venv --clear .venv

$(INSTALLED): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable '.[export]'
	@$(COMPILED)
	@touch $@

$(INSTALLED_TEST): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@$(COMPILED)
	@touch $(INSTALLED) $@

$(INSTALLED_JS): export PATH := $(CURDIR)/$(BIN):$(PATH)
# Not `npm ci`: it refuses the lock where a registry lacks an optional build for another platform.
$(INSTALLED_JS): $(INSTALLED_TEST) tests/js/package.json tests/js/package-lock.json
	npm install --no-save --ignore-scripts --prefix tests/js
	@touch $@
