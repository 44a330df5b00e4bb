# Preceptor: every command there is. `make` alone lists them.

PYTHON ?= python3
# Any Python 3 will do. The first on the PATH may be one that does not start: pyenv's refuses
# in this folder, because of .python-version, unless it has a 3.10.
BOOTSTRAP := bootstrap() { \
		for python in $(PYTHON) /usr/bin/python3 /usr/local/bin/python3; do \
			"$$python" -c '' 2>/dev/null && exec "$$python" tools/bootstrap.py "$$1"; \
		done; \
		echo "Error: there is no Python 3; please install one and try again." >&2; exit 1; \
	}; bootstrap
PRECEPTOR := .venv/bin/python -m preceptor

.DEFAULT_GOAL := help
.PHONY: help run chat test lint catalogue knowledge train nlu-report answers-report talk-report widget bench-nlu \
	bench-reading bench-serve bench-faults bench-load slack-demo lock clean runtime dev

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

run: runtime ## Set up what is missing and start the advisor; Ctrl-C stops it
	@$(PRECEPTOR) run

chat: runtime ## Talk to the running advisor in this terminal
	@$(PRECEPTOR) chat

test: lint ## Set up, lint, train, run all tests and measure understanding
	@.venv/bin/python tools/browser.py >/dev/null
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@$(PRECEPTOR) knowledge import
	@.venv/bin/python -m pytest
	@$(PRECEPTOR) nlu-report

lint: dev ## Check style and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

knowledge: runtime ## Check and import the answers in knowledge/; a running advisor sees them at once
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) knowledge import

catalogue: runtime ## Import the CSV files of catalogue/; a running advisor sees them at once
	@$(PRECEPTOR) catalogue import

train: runtime ## Train the model if something it is made from has changed
	@$(PRECEPTOR) train

nlu-report: dev ## Measure how well messages are understood
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@$(PRECEPTOR) nlu-report

answers-report: dev ## Measure whether questions get the answer to what they ask
	@$(PRECEPTOR) answers-report

talk-report: dev ## Measure whether whole conversations go as they should
	@$(PRECEPTOR) talk-report

bench-nlu: dev ## Measure the reading of intents on public benchmarks, beside Rasa's default
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@.venv/bin/python -m benchmarks.nlu

bench-reading: dev ## Measure how the time of reading grows with a message's length
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@.venv/bin/python -m benchmarks.reading

bench-serve: dev ## Measure training, start, memory and turns, beside Rasa's default
	@.venv/bin/python -m benchmarks.serve $(ARGS)

bench-faults: dev ## Let people talk while servers, databases and networks break
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@$(PRECEPTOR) knowledge import
	@.venv/bin/python -m benchmarks.faults $(ARGS)

bench-load: dev ## Measure turns per second, waits and memory with many people at once
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@$(PRECEPTOR) knowledge import
	@.venv/bin/python -m benchmarks.load $(ARGS)

slack-demo: dev ## Try the advisor in a fake Slack in the browser, without a workspace
	@$(PRECEPTOR) catalogue import
	@$(PRECEPTOR) train
	@$(PRECEPTOR) knowledge import
	@.venv/bin/python -m tools.slack_simulator.demo

widget: dev ## Build the web widget from its source into widget/dist
	@.venv/bin/python tools/widget.py

lock: ## Resolve requirements/*.in into requirements/*.txt
	@$(BOOTSTRAP) lock

clean: ## Remove models, reports, logs and caches; databases and .venv stay
	@rm -rf models reports var/log var/cache .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

runtime dev:
	@$(BOOTSTRAP) $@
