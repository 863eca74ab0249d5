# Sugar: every target is one command that works without make.
.PHONY: demo test lint types lock

demo:
	python3 manage.py demo

test:
	python3 manage.py test

lint:
	.venv/bin/ruff check . && .venv/bin/lint-imports

types:
	.venv/bin/mypy .

lock:
	cd requirements && for group in base test uv; do \
		../.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
			--generate-hashes --no-header $$group.in -o $$group.txt || exit 1; \
	done
