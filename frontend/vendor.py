"""Refresh static/vendor from the pinned packages: run `python3 frontend/vendor.py` (needs npm).

Copies each package's built file and licence, strips the comment that names a source map we do not
ship (the manifest storage would look for it), and writes SHA256SUMS for the test that guards them.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
PACKAGES = {
    "bootstrap": ("5.3.9", "bootstrap", {"dist/css/bootstrap.min.css": "bootstrap.min.css"}),
    "plotly-cartesian": (
        "4.1.1", "plotly.js-cartesian-dist-min", {"plotly-cartesian.min.js": "plotly-cartesian.min.js"}
    ),
    "sortable": ("1.15.7", "sortablejs", {"Sortable.min.js": "sortable.min.js"}),
}
SOURCE_MAP = re.compile(rb"\n?(/\*#|//#) sourceMappingURL=[^\n]*")


def main() -> None:
    """Fetch, copy and sum every package."""
    for name, (version, package, files) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            archive = subprocess.run(
                ["npm", "pack", "--silent", f"{package}@{version}"],
                cwd=folder, check=True, capture_output=True, text=True,
            ).stdout.split()[-1]
            copy_package(Path(folder) / archive, VENDOR / f"{name}-{version}", files)


def copy_package(archive: Path, target: Path, files: dict[str, str]) -> None:
    """Copy the wanted files and the licence out of one package."""
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        members = {member.name.removeprefix("package/"): member for member in tar.getmembers()}
        licence = next(name for name in members if name.upper().startswith("LICENSE"))
        for source, name in {**files, licence: "LICENSE"}.items():
            content = tar.extractfile(members[source])
            assert content is not None
            (target / name).write_bytes(SOURCE_MAP.sub(b"", content.read()))
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"
        for path in sorted(target.iterdir())
        if path.name != "SHA256SUMS"
    ]
    (target / "SHA256SUMS").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
