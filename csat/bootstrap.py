"""Bring the project to life on a machine that has only Python.

Only the standard library may be imported here: this runs before anything is installed.
It makes the project's own virtual environment, installs a hash-pinned set of packages
into it and starts the same command again inside it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
TEST_COMMANDS = {"test", "bench"}


class BootstrapError(Exception):
    """The environment cannot be made; the message tells the reader what to do."""


def enter_environment(argv: list[str]) -> None:
    """Return once the running interpreter is the project's own and has what `argv` needs."""
    check_python(sys.version_info[:2])
    # Bytecode is wanted: without it every process compiles Django and SciPy again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if os.environ.get("CSAT_NO_BOOTSTRAP") == "1":
        return
    venv = environment_path()
    group = group_for(argv)
    if not is_current(venv, group):
        make_environment(venv, group)
    if Path(sys.prefix).resolve() != venv.resolve():
        restart_in(venv, argv)


def check_python(version: tuple[int, ...]) -> None:
    """Stop with one sentence on a Python that is too old."""
    if tuple(version) < OLDEST_PYTHON:
        found = ".".join(map(str, version))
        sys.exit(f"Python 3.11 or newer is needed; this is Python {found}. "
                 "Install a newer Python and start the command with it.")


def environment_path() -> Path:
    """Where the virtual environment lies: `.venv`, or what CSAT_VENV names."""
    return Path(os.environ.get("CSAT_VENV") or ROOT / ".venv")


def group_for(argv: list[str]) -> str:
    """Name the requirements file that the command needs."""
    return "test" if len(argv) > 1 and argv[1] in TEST_COMMANDS else "base"


def is_current(venv: Path, group: str) -> bool:
    """Whether the environment holds this group; the test group includes the base group."""
    python = python_of(venv)
    return python.exists() and any(
        stamp_path(venv, wide).exists() and stamp_path(venv, wide).read_text() == stamp_for(wide)
        for wide in {group, "test"}
    )


def stamp_path(venv: Path, group: str) -> Path:
    return venv / f"installed-{group}.stamp"


def stamp_for(group: str) -> str:
    """Digest of what decides the environment's content."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    digest.update((REQUIREMENTS / f"{group}.txt").read_bytes())
    return digest.hexdigest()


def python_of(venv: Path) -> Path:
    return venv / ("Scripts" if os.name == "nt" else "bin") / "python"


def make_environment(venv: Path, group: str) -> None:
    """Create the environment if need be and install the group into it."""
    try:
        with locked(venv):
            if not is_current(venv, group):
                create_venv(venv)
                install(venv, group)
                stamp_path(venv, group).write_text(stamp_for(group))
    except BootstrapError as error:
        sys.exit(f"{error}")


def create_venv(venv: Path) -> None:
    """Make an empty environment unless a working one of this Python is there."""
    if runs_this_python(venv):
        return
    say(f"Making a virtual environment in {shown(venv)}")
    shutil.rmtree(venv, ignore_errors=True)
    done = subprocess.run([base_python(), "-m", "venv", str(venv)], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise BootstrapError(
            "Python could not make a virtual environment. On Debian and Ubuntu install the "
            f"package python3-venv, then try again.\n{(done.stdout + done.stderr).strip()}"
        )


def runs_this_python(venv: Path) -> bool:
    """Whether the environment's interpreter starts and is the version running now."""
    if not python_of(venv).exists():
        return False
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python_of(venv), "-c", code], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.split() == [str(n) for n in sys.version_info[:2]]


def base_python() -> str:
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def install(venv: Path, group: str) -> None:
    """Install the group by uv, which is quick; by pip where uv cannot be had or fails."""
    say(f"Installing packages ({group}); this takes some seconds the first time")
    wanted = ["--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS / f"{group}.txt")]
    if get_uv(venv) and run([str(uv_of(venv)), "pip", "install", "--quiet", "--python",
                             str(python_of(venv)), *wanted]):
        return
    say("Trying again with pip, which is slower")
    if not run([str(python_of(venv)), "-m", "pip", "install", "--quiet", *wanted]):
        raise BootstrapError("The packages could not be installed. The lines above say why; "
                             "check the network and try again.")


def uv_of(venv: Path) -> Path:
    return python_of(venv).with_name("uv")


def get_uv(venv: Path) -> bool:
    """Put the pinned uv into the environment."""
    return uv_of(venv).exists() or run([
        str(python_of(venv)), "-m", "pip", "install", "--quiet", "--require-hashes",
        "--only-binary", ":all:", "-r", str(REQUIREMENTS / "uv.txt"),
    ])


def run(command: list[str]) -> bool:
    return subprocess.run(command, env=install_environment()).returncode == 0


def install_environment() -> dict[str, str]:
    """The environment for installers: a mirror set for pip serves uv as well."""
    env = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", **os.environ}
    if "PIP_INDEX_URL" in env:
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    return env


class locked:
    """Let one process at a time change the environment."""

    def __init__(self, venv: Path) -> None:
        name = hashlib.sha256(str(venv.resolve()).encode()).hexdigest()[:16]
        self.path = Path(tempfile.gettempdir()) / f"csat-environment-{name}.lock"

    def __enter__(self) -> None:
        self.file = self.path.open("w")
        if os.name == "posix":
            import fcntl  # absent on Windows

            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def restart_in(venv: Path, argv: list[str]) -> NoReturn:
    """Become the environment's interpreter with the same arguments."""
    python = str(python_of(venv))
    os.environ["VIRTUAL_ENV"] = str(venv)
    os.environ["PATH"] = f"{python_of(venv).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [python, *argv])


def say(line: str) -> None:
    print(f"· {line} …", file=sys.stderr, flush=True)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
