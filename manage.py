#!/usr/bin/env python3
"""The one entry point: `demo`, `test` and every other command, on a machine with only Python."""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed; this is Python %d.%d. "
        "Install a newer Python and start the command with it." % sys.version_info[:2]
    )

from csat.bootstrap import enter_environment

SETTINGS = {"demo": "csat.settings.demo", "seed_demo": "csat.settings.demo", "test": "csat.settings.test",
            "bench": "csat.settings.test"}


def whole_suite() -> list[str]:
    """A lane for each processor, where the suite starts the servers of each itself."""
    lanes = min(os.cpu_count() or 1, 4)
    are_named = {"CSAT_TEST_DATABASE_URL", "CSAT_TEST_REDIS_URL"} & set(os.environ)
    return [] if are_named or lanes == 1 else ["-n", str(lanes), "--dist", "worksteal"]


def main() -> None:
    """Run a command inside the project's own environment."""
    enter_environment(sys.argv)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS.get(command, "csat.settings.development"))
    from csat.catalogues import compile_catalogues  # polib exists only from here on

    compile_catalogues()
    if command == "test":
        import pytest

        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        sys.exit(pytest.main(sys.argv[2:] or whole_suite()))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
