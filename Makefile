# make run    sets everything up and opens the workbench at http://localhost:8501   (PORT=9000 make run)
# make test   sets everything up with the test tools and runs every check
# make check  style and types only; `make bench` measures; `make lock` pins again; `make clean` starts over

PORT ?= 8501
# Leads are personal data: only this machine is served unless someone says otherwise (HOST=0.0.0.0 make run).
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
LOCK := uv pip compile --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate --quiet

# The first interpreter that is new enough; PYTHON=/path/to/python overrides the search.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if "$$name" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then echo "$$name"; break; fi; done)
# Empty where uv is not on the PATH; pip does the work then.
UV := $(shell command -v uv 2>/dev/null)

# Straight to the wiring: the command line would say the same, seconds later. A refusal is a sentence, not a traceback.
define PREPARE
import sys
from leadscore.errors import LeadScoreError
from leadscore.workbench import open_workbench
try:
    open_workbench()
except LeadScoreError as refusal:
    sys.exit(str(refusal))
endef
export PREPARE

# A copied or half-removed environment has stamps but no interpreter: it is made again.
ifeq ($(wildcard $(BIN)/python),)
$(shell rm -f $(INSTALLED) $(INSTALLED_TEST))
endif

.PHONY: run test check bench lock clean install install-test prepare
.DEFAULT_GOAL := run

run: prepare
	@echo "The workbench opens at http://localhost:$(PORT) - stop it with Ctrl+C."
	@$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(HOST) \
		--browser.serverAddress localhost --browser.gatherUsageStats false --server.showEmailPrompt false

test: $(INSTALLED_TEST)
	@failed=""; \
	$(BIN)/ruff check . || failed="$$failed style"; \
	$(BIN)/mypy || failed="$$failed types"; \
	$(BIN)/python -m pytest -n 2 || failed="$$failed tests"; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed" >&2; exit 1; fi

check: $(INSTALLED_TEST)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(INSTALLED_TEST)
	@$(BIN)/python -m benchmarks.main_job

prepare: $(INSTALLED)
	@$(BIN)/python -c "$$PREPARE"

install: $(INSTALLED)

install-test: $(INSTALLED_TEST)

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "The workbench needs Python 3.11 or newer, and none was found on the PATH." >&2; \
		echo "Install it from python.org or your system's packages, or run: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; fi
	@if ! "$(PYTHON)" -c '$(NEW_ENOUGH)'; then \
		echo "$(PYTHON) is older than Python 3.11, which the workbench needs." >&2; exit 1; fi
	@rm -rf $(VENV)
ifneq ($(UV),)
	@"$(UV)" venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)
else
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment here; on Debian and Ubuntu install python3-venv first." >&2; \
		exit 1; }
endif

# The stamps are touched last, so that an interrupted install is taken up again.
$(INSTALLED): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the pinned packages; this takes a few minutes the first time."
ifneq ($(UV),)
	@"$(UV)" pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	@"$(UV)" pip install --quiet --python $(BIN)/python --no-deps --editable .
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
endif
	@touch $@

$(INSTALLED_TEST): requirements-test.txt $(INSTALLED)
	@echo "Installing the pinned test tools."
ifneq ($(UV),)
	@"$(UV)" pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements-test.txt
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
endif
	@touch $@

# The test file names only what the runtime set lacks, so that no package is pinned twice.
lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-test.in -o requirements-test.lock
	{ echo "-r requirements.txt"; awk -F== 'NR == FNR { known[$$1]; next } !($$1 in known)' requirements.txt \
		requirements-test.lock; } > requirements-test.txt
	rm requirements-test.lock

# Leads, models and keys stay: they are the user's, not ours to clean.
clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results .coverage
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
