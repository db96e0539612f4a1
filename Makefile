# `make serve` and `make test` set up what they need; `make help` lists all targets.

PYTHON ?= python3
PORT ?= 8000

BIN := .venv/bin
JS := tests/js/node_modules
INSTALLED := .venv/.installed
INSTALLED_TEST := .venv/.installed-test
INSTALLED_JS := $(JS)/.installed

# CHROMIUM= selects the browser, also for the browser tests; otherwise the first one on PATH.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM

# How many processes run the Python tests. The tests of a file stay together: they share servers and browsers.
TEST_PROCESSES ?= 2

# pip reads the pins of installed packages and of build dependencies from these variables.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call debian,packages,description): as root on Debian installs the packages, elsewhere prints how to and fails.
define debian
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "Installing $(2): $(1)"; \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(1); \
else \
	echo "Sepviz needs $(2), which is not installed. On Debian or Ubuntu: sudo apt-get install $(1)" >&2; \
	exit 1; \
fi
endef

# pip does not compile an editable installation. Where the folder is read-only later, each start would compile it again.
COMPILED := $(BIN)/python -m compileall -q app

.PHONY: serve install test test-js test-python check check-python check-imports check-js audit figures bench bench-peers soak format clean help
.DELETE_ON_ERROR:

serve: $(INSTALLED) ## Set up the environment and serve http://127.0.0.1:8000 (PORT= changes the port)
	$(BIN)/sepviz serve --port $(PORT)

install: $(INSTALLED) ## Make .venv and install Sepviz there (PYTHON= selects another Python, 3.11 or newer)

test: test-js test-python ## Set up the environment and run every test: JavaScript, Python, browser

# node and npm come from the environment.
test-js: export PATH := $(CURDIR)/$(BIN):$(PATH)
test-js: TESTS = $(wildcard tests/js/*.test.js)
test-js: $(INSTALLED_TEST)
	$(if $(TESTS),node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON --test $(TESTS),@echo "No JavaScript tests in tests/js")

# Puppeteer, which drives Firefox, is an npm package.
test-python: $(INSTALLED_TEST) $(INSTALLED_JS) tools
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# The programs that tests use.
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
		$(call debian,firefox-esr,a Firefox for the browser tests); }
	@command -v pdflatex >/dev/null || { \
		$(call debian,texlive-latex-base,pdflatex for the test of the LaTeX snippet); }
	@fc-list 2>/dev/null | grep -q latinmodern-math || { \
		$(call debian,fonts-lmodern fontconfig,a mathematical font for the tests of formulas); }

check: check-python check-imports check-js audit ## Check format, lint, types, import contracts and known vulnerabilities; run no tests

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

audit: $(INSTALLED_TEST) ## Look up known vulnerabilities of the pinned versions, where the database is reachable
	$(BIN)/python tests/support/audit.py constraints.txt

format: export PATH := $(CURDIR)/$(BIN):$(PATH)
format: $(INSTALLED_TEST) $(INSTALLED_JS) ## Format every file
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(JS)/.bin/biome check --write static/js static/css tests/js

figures: $(INSTALLED_TEST) ## Redraw the stored figures, after an intended change
	$(BIN)/python -m tests.support.stored_figures

bench: $(INSTALLED_TEST) tools ## Measure speed and memory, each value beside its goal
	$(BIN)/python -m tests.bench

bench-peers: $(INSTALLED_TEST) tools ## Measure the same app in Gradio beside Sepviz, in one run
	$(BIN)/python -m tests.bench.peers

# The list of naughty strings is an npm package.
soak: $(INSTALLED_TEST) $(INSTALLED_JS) tools ## Test the server under load and hostile input, each value beside its goal (10 minutes)
	$(BIN)/python -m tests.soak.run

clean: ## Remove the environment, caches and build outputs
	rm -rf .venv $(JS) build dist test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "$(PYTHON) is not on PATH. Sepviz needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
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
# `npm ci` would fail where a registry lacks an optional build for another platform.
$(INSTALLED_JS): $(INSTALLED_TEST) tests/js/package.json tests/js/package-lock.json
	npm install --no-save --ignore-scripts --prefix tests/js
	@touch $@
