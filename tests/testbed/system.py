"""Debian packages and programs that must be on the machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import gettempdir


def missing_programs(programs: Iterable[str]) -> list[str]:
    """The programs of `programs` that are not on the PATH."""
    return [program for program in programs if shutil.which(program) is None]


def missing_packages(packages: Iterable[str]) -> list[str]:
    """The Debian packages of `packages` that are not installed; all of them where there is no dpkg."""
    wanted = list(packages)
    if shutil.which("dpkg-query") is None:
        return wanted
    return [package for package in wanted if not _installed(package)]


def ensure_packages(packages: Iterable[str]) -> str | None:
    """Install the missing Debian packages where that is allowed (root on Debian or Ubuntu).

    Returns None when all of them are there, otherwise one sentence that names what is missing and why.
    """
    missing = missing_packages(packages)
    if not missing:
        return None
    names = " ".join(missing)
    if not _is_debian():
        return f"Missing: {names}; these are Debian's package names, install what matches them here."
    if os.geteuid() != 0:
        return f"Missing Debian packages: {names}; install them with `apt-get install {names}` as root."
    with (Path(gettempdir()) / "bayplan-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes may want packages at the same time
        return _install(missing_packages(missing))


def _install(missing: list[str]) -> str | None:
    if not missing:
        return None
    names = " ".join(missing)
    print(f"testbed: installing Debian packages: {names}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            return f"Missing Debian packages: {names}; `{' '.join(command)}` failed: {' '.join(last)}"
    still = missing_packages(missing)
    return f"Missing Debian packages even after apt-get: {' '.join(still)}." if still else None


def _installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}", package]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.startswith("ii")


def _is_debian() -> bool:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    family = [values.get("ID", ""), *values.get("ID_LIKE", "").strip('"').split()]
    return bool({"debian", "ubuntu"} & {name.strip('"') for name in family})
