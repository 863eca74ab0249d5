"""Refresh static/vendor from the pinned packages: run `python3 frontend/vendor.py` (needs npm).

Versions are in package.json, their hashes in package-lock.json. Copies each package's built file and licence,
strips the comment that names a source map we do not ship (the manifest storage would look for it), and writes
SHA256SUMS for the test that guards the copies.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "static" / "vendor"
# package: (its folder here, the file taken, the file's name here)
PACKAGES = {
    "bootstrap": ("bootstrap", "dist/css/bootstrap.min.css", "bootstrap.min.css"),
    "plotly.js-cartesian-dist-min": ("plotly-cartesian", "plotly-cartesian.min.js", "plotly-cartesian.min.js"),
}
SOURCE_MAP = re.compile(rb"\n?(/\*#|//#) sourceMappingURL=[^\n]*")


def main() -> None:
    """Install by the lock, copy, sum up, and leave no packages behind."""
    versions = json.loads((HERE / "package.json").read_text())["dependencies"]
    subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    for package, (name, source, target) in PACKAGES.items():
        copy_package(HERE / "node_modules" / package, VENDOR / f"{name}-{versions[package]}", source, target)
    shutil.rmtree(HERE / "node_modules")


def copy_package(package: Path, folder: Path, source: str, target: str) -> None:
    """Copy the wanted file and the licence of one package."""
    folder.mkdir(parents=True)
    (folder / target).write_bytes(SOURCE_MAP.sub(b"", (package / source).read_bytes()))
    licence = next(path for path in package.iterdir() if path.name.upper().startswith("LICENSE"))
    (folder / "LICENSE").write_bytes(licence.read_bytes())
    (folder / "SHA256SUMS").write_text(sums(folder))


def sums(folder: Path) -> str:
    """Write the hashes of a folder's files in the form sha256sum checks."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


if __name__ == "__main__":
    main()
