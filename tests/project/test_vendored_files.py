"""The browser libraries are the ones we took, unchanged, and all that is there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
FOLDERS = sorted(path for path in VENDOR.iterdir() if path.is_dir())


def faults(folder: Path) -> list[str]:
    """Say which files differ from SHA256SUMS, are missing there, or are missing here."""
    said = dict(reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
    there = {path.name: path for path in folder.iterdir() if path.name != "SHA256SUMS"}
    unlike = [
        name
        for name in said.keys() & there.keys()
        if hashlib.sha256(there[name].read_bytes()).hexdigest() != said[name]
    ]
    return sorted([*unlike, *(said.keys() ^ there.keys())])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestAVendoredFolder:
    def test_holds_what_its_sums_say(self, folder: Path) -> None:
        assert faults(folder) == []

    def test_comes_with_a_licence(self, folder: Path) -> None:
        assert (folder / "LICENSE").stat().st_size > 200

    def test_names_no_source_map(self, folder: Path) -> None:
        assert not [path.name for path in folder.iterdir() if b"sourceMappingURL" in path.read_bytes()]


class TestTheVendoredLibraries:
    def test_are_the_pinned_versions(self) -> None:
        pinned = json.loads((ROOT / "frontend" / "package.json").read_text())["dependencies"].values()
        assert sorted(folder.name.rsplit("-", 1)[1] for folder in FOLDERS) == sorted(pinned)

    def test_are_locked_by_hash_without_naming_a_server(self) -> None:
        text = (ROOT / "frontend" / "package-lock.json").read_text()
        packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
        assert packages and all(entry["integrity"].startswith("sha512-") for entry in packages.values())
        assert "://" not in text


class TestTheCheck:
    def test_notices_a_changed_an_added_and_a_lost_file(self, tmp_path: Path) -> None:
        for name in ("kept.js", "changed.js", "lost.js"):
            (tmp_path / name).write_text(name)
        sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in tmp_path.iterdir()]
        (tmp_path / "SHA256SUMS").write_text("\n".join(sums) + "\n")
        assert faults(tmp_path) == []
        (tmp_path / "changed.js").write_text("other")
        (tmp_path / "added.js").write_text("new")
        (tmp_path / "lost.js").unlink()
        assert faults(tmp_path) == ["added.js", "changed.js", "lost.js"]
