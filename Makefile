# `make run` opens the viewer, `make test` proves it. Both set up everything they need, once.

VENV   := .venv
BIN    := $(VENV)/bin
PYTEST ?= -n 2 --dist loadfile --no-loadscope-reorder
# Packages are wheels from the package index; constraints.txt says which versions are tested.
PIP    := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt $(PIP_ARGS)
SCREEN := -screen 0 1600x1000x24 +extension GLX

.DEFAULT_GOAL := help
.PHONY: help run test lint check check-plain golden bench clean setup setup-dev

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

run: setup ## open the viewer on the built-in scene; without a display, draw it to a PNG
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec $(BIN)/voile view builtin; \
	else exec $(BIN)/voile render builtin -o voile-builtin.png --size 1280x720; fi

test: lint check ## everything: lint, types, contracts, all tests

lint: setup-dev ## ruff, pyright and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Windows have a display to themselves: two that share one take each other's focus and mouse.
check: setup-dev ## pytest, under a virtual display of its own
	xvfb-run -a -s "$(SCREEN)" $(BIN)/python -m pytest $(PYTEST) -m "not window" $(ARGS)
	xvfb-run -a -s "$(SCREEN)" $(BIN)/python -m pytest -m window $(ARGS)

# Rounding is another one on another processor, and nothing may hang on it.
check-plain: export OPENBLAS_CORETYPE = Nehalem
check-plain: export NPY_DISABLE_CPU_FEATURES = X86_V3 X86_V4 AVX512_ICL AVX512_SPR
check-plain: export ATEN_CPU_CAPABILITY = default
check-plain: export NUMBA_CPU_NAME = generic
check-plain: export NUMBA_CPU_FEATURES =
check-plain: check ## the same with the few instructions of an old processor

golden: setup-dev ## rewrite the golden pictures that fail or are missing
	$(BIN)/python -m pytest tests/golden -q --update-golden

bench: setup-dev ## speed and fidelity of backends and blending modes, speed of the readers
	$(BIN)/python benchmarks/frame.py
	$(BIN)/python benchmarks/orbit.py
	$(BIN)/python benchmarks/parity.py
	$(BIN)/python benchmarks/load.py
	$(BIN)/python benchmarks/modes.py
	$(BIN)/python benchmarks/materials.py
	$(BIN)/python benchmarks/material_quality.py
	$(BIN)/python benchmarks/gradients.py

setup: $(VENV)/.run ## install what `make run` needs
setup-dev: $(VENV)/.dev ## install what `make test` needs

# The stamps carry what they were made from, so a second run does nothing.
$(VENV)/bin/python:
	@PYTHON="$$(tools/find-python.sh)" && PYTHON="$$PYTHON" tools/system-packages.sh run && \
	"$$PYTHON" -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@PYTHON=$(BIN)/python tools/system-packages.sh run
	@echo "voile: installing Python packages into $(VENV)"
	$(PIP) -e .
	$(BIN)/python -m voile.kernels.cpu.warm
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@PYTHON=$(BIN)/python tools/system-packages.sh test
	@echo "voile: installing the tools of the tests into $(VENV)"
	$(PIP) -e '.[dev,exr,video]'
	@touch $@

clean: ## remove the virtual environment and everything made
	rm -rf $(VENV) build dist *.egg-info out tests/report
