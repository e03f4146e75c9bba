"""Builds the cluster's programs from the pinned Go modules, once, into the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError

MODULES = Path(__file__).parent / "modules"
PROGRESS_SECONDS = 15.0


@dataclass(frozen=True)
class Family:
    """Programs that share one go.mod. `flags` go to `go build`."""

    name: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Binary:
    """One program; `seconds` is what a build with empty caches took on two cores, after those above it."""

    name: str
    family: Family
    package: str
    seconds: int


_COMMON = ("-trimpath", "-buildvcs=false", "-mod=readonly")
KUBERNETES_VERSION = "v1.36.3"
_VERSION_VARIABLES = {"gitVersion": KUBERNETES_VERSION, "gitMajor": "1", "gitMinor": "36"}
_VERSION_FLAGS = " ".join(f"-X k8s.io/component-base/version.{k}={v}" for k, v in _VERSION_VARIABLES.items())

_PLAIN = (*_COMMON, "-ldflags=-s -w")
_ETCD = Family("etcd", _PLAIN)
_KUBERNETES = Family("kubernetes", (*_COMMON, f"-ldflags=-s -w {_VERSION_FLAGS}"))
_KWOK = Family("kwok", _PLAIN)
_HELM = Family("helm", _PLAIN)
_COREDNS = Family("coredns", _PLAIN)
_CONTAINERD = Family("containerd", (*_PLAIN, "-tags=no_btrfs,no_devmapper,no_zfs,no_aufs"))


def _kubernetes(name: str, seconds: int) -> Binary:
    return Binary(name, _KUBERNETES, f"k8s.io/kubernetes/cmd/{name}", seconds)


def _containerd(name: str, seconds: int) -> Binary:
    return Binary(name, _CONTAINERD, f"github.com/containerd/containerd/v2/cmd/{name}", seconds)


BINARIES = {
    binary.name: binary
    for binary in (
        Binary("etcd", _ETCD, "go.etcd.io/etcd/server/v3", 21),
        _kubernetes("kube-apiserver", 195),
        _kubernetes("kubectl", 15),
        _kubernetes("kube-scheduler", 15),
        _kubernetes("kube-controller-manager", 25),
        Binary("kwok", _KWOK, "sigs.k8s.io/kwok/cmd/kwok", 57),
        Binary("helm", _HELM, "helm.sh/helm/v4/cmd/helm", 102),
        _kubernetes("kubelet", 30),
        _containerd("containerd", 50),
        _containerd("containerd-shim-runc-v2", 5),
        _containerd("ctr", 6),
        Binary("coredns", _COREDNS, "github.com/coredns/coredns", 83),
    )
}
CONTROL_PLANE = ("etcd", "kube-apiserver", "kubectl", "kube-scheduler", "kube-controller-manager")
REAL_NODE = ("kubelet", "containerd", "containerd-shim-runc-v2", "ctr", "coredns")


def cache_directory() -> Path:
    """Where built programs and the list of kept testbeds live."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bayplan" / "testbed"


def ensure(*names: str) -> Path:
    """Build what is not there yet and return one directory that holds all programs of `names`.

    `KUBEBUILDER_ASSETS` goes first: what that folder has is taken from there.
    Raises TestbedError when a name is unknown, Go is missing or too old, or a build fails.
    """
    unknown = sorted(set(names) - BINARIES.keys())
    if unknown:
        raise TestbedError(f"Unknown program {', '.join(unknown)}; the testbed has {', '.join(BINARIES)}.")
    targets = {name: _from_assets(name) or _built(BINARIES[name]) for name in BINARIES if name in names}
    return _linked(targets)


def is_built(name: str) -> bool:
    """Whether `ensure(name)` would return at once."""
    return _from_assets(name) is not None or _place(BINARIES[name]).exists()


def _from_assets(name: str) -> Path | None:
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return None
    path = (Path(folder) / name).absolute()
    return path if os.access(path, os.X_OK) else None


def _place(binary: Binary) -> Path:
    family = binary.family
    digest = hashlib.sha256()
    for part in ("go.mod", "go.sum"):
        digest.update((MODULES / family.name / part).read_bytes())
    digest.update("\0".join((*family.flags, platform.machine())).encode())
    return cache_directory() / f"{family.name}-{digest.hexdigest()[:16]}" / binary.name


def _built(binary: Binary) -> Path:
    place = _place(binary)
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with _lock(binary.family):
        if not place.exists():  # another run may have built it while this one waited
            _check_go(binary.family)
            _build(binary, place)
    return place


@contextmanager
def _lock(family: Family) -> Iterator[None]:
    with (cache_directory() / f"{family.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"waiting for another run that is building {family.name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_go(family: Family) -> None:
    folder = MODULES / family.name
    need = next(line.split()[1] for line in (folder / "go.mod").read_text().splitlines() if line[:3] == "go ")
    if shutil.which("go") is None:
        raise TestbedError(
            f"Go {need} or newer is needed once to build the testbed's programs, and `go` is not on the PATH;"
            " install it, or set KUBECONFIG to a cluster or KUBEBUILDER_ASSETS to ready-made binaries."
        )
    # Asked in the module's folder: there Go says which toolchain it would really use, or refuses.
    answer = subprocess.run(["go", "env", "GOVERSION"], cwd=folder, capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+(?:\.\d+)*)", answer.stdout)
    if found is None or _version(found[1]) < _version(need):
        what = answer.stdout.strip() or answer.stderr.strip()
        raise TestbedError(f"Go {need} or newer is needed to build {family.name}; this machine's says: {what}.")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _build(binary: Binary, place: Path) -> None:
    usual = f"usually {binary.seconds} s on 2 cores with empty caches"
    _say(f"building {binary.name} ({usual}), once; it goes to {place.parent}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=".build-", dir=place.parent) as folder:
        output = Path(folder) / binary.name
        log = Path(folder) / "log"
        # setpriv: a build must not go on for minutes after the run that wanted it was killed.
        command = ["setpriv", "--pdeathsig", "TERM", "go", "build", *binary.family.flags]
        with log.open("w") as file:
            process = subprocess.Popen(
                [*command, "-o", str(output), binary.package],
                cwd=MODULES / binary.family.name,
                env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                _watch(process, binary.name, started)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if process.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise TestbedError(f"Building {binary.name} failed (go build, {binary.package}):\n{tail}")
        output.replace(place)
    _say(f"built {binary.name} in {time.monotonic() - started:.0f} s")


def _watch(process: subprocess.Popen[bytes], name: str, started: float) -> None:
    while True:
        try:
            process.wait(timeout=PROGRESS_SECONDS)
            return
        except subprocess.TimeoutExpired:
            _say(f"still building {name}, {time.monotonic() - started:.0f} s")


def _linked(targets: dict[str, Path]) -> Path:
    """A folder of links to `targets`, named after them, so that it is written only once."""
    digest = hashlib.sha256("\0".join(f"{name}={path}" for name, path in targets.items()).encode())
    folder = cache_directory() / f"bin-{digest.hexdigest()[:16]}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bin-", dir=folder.parent) as temporary:
        new = Path(temporary) / "bin"
        new.mkdir()
        for name, path in targets.items():
            (new / name).symlink_to(path)
        try:
            new.rename(folder)
        except OSError:
            if not folder.is_dir():  # anything but "another run was quicker"
                raise
    return folder


def _say(text: str) -> None:
    print(f"testbed: {text}", file=sys.stderr, flush=True)
