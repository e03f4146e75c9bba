"""How fast models are fused from files, beside the time to read them and a plain loop in numpy.

    .venv/bin/python -m bench.fusing --size 100M --models 10 --dir DIR

Every measurement is a process of its own, so that its peak memory is its own. `--cold` has the models dropped from the page
cache before each, so that they come from the disk; else all measurements of a run find them where they are.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bayplan.collaboration.fusion import planned
from bayplan_operator.fusing.running import FusionJob, run_fusion
from bench.options import count

_TENSORS = 4
"""Each model has so many tensors of equal size."""
_READ = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=_size, default=100_000_000, help="float32 parameters of a model, such as 100M")
    parser.add_argument("--models", type=count, default=10)
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="where the models are written and deleted; else a temporary one"
    )
    parser.add_argument("--format", choices=("npz", "safetensors"), default="npz")
    parser.add_argument("--repeat", type=count, default=3, help="each figure is the least of so many")
    parser.add_argument("--cold", action="store_true", help="read from the disk, not from the page cache")
    parser.add_argument("--measure", choices=sorted(_MEASURED), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        _measure(options.measure, options.dir, options.format)
        return
    with TemporaryDirectory(dir=options.dir, prefix="bayplan-fusing-") as folder:
        _run(Path(folder), options)


def _run(folder: Path, options: argparse.Namespace) -> None:
    model = options.size * 4
    free = shutil.disk_usage(folder).free
    wanted = model * (options.models + 2)
    if free < wanted:
        raise SystemExit(f"{folder} has {free / 1e9:.1f} GB free, and {wanted / 1e9:.1f} GB are needed: name another --dir")
    _write(folder, options.size, options.models, options.format)
    print(f"{options.models} models of {options.size / 1e6:g} million float32 ({model / 1e6:,.0f} MB each), {options.format}")
    print(f"{'':22}{'seconds':>9}{'x reading':>11}{'processor':>11}{'peak memory, models':>21}")
    names = [each for each in _MEASURED if options.format == "npz" or each not in ("load", "numpy")]
    found: dict[str, list[tuple[float, ...]]] = {each: [] for each in names}
    for _ in range(options.repeat):  # in turn, so that a busy machine is as busy for all
        for name in names:
            if options.cold:
                _forget(folder)
            found[name].append(_process(name, folder, options.format))
    best = {name: tuple(min(column) for column in zip(*runs, strict=True)) for name, runs in found.items()}
    for name, (seconds, processor, peak) in best.items():
        print(f"{_TITLES[name]:22}{seconds:9.2f}{seconds / best['read'][0]:11.2f}{processor:11.2f}{peak / model:21.2f}")


def _process(name: str, folder: Path, suffix: str) -> tuple[float, ...]:
    command = [sys.executable, "-m", "bench.fusing", "--measure", name, "--dir", str(folder), "--format", suffix]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return tuple(map(float, done.stdout.split()))


def _measure(name: str, folder: Path, suffix: str) -> None:
    """Print seconds, seconds of processors, and bytes of peak memory above what the imports take."""
    paths = sorted(folder.glob(f"model-*.{suffix}"))
    before = _peak()
    began, busy = time.perf_counter(), time.process_time()
    _MEASURED[name](paths, folder / f"fused.{suffix}")
    print(time.perf_counter() - began, time.process_time() - busy, _peak() - before)


def _peak() -> int:
    """Bytes of this process's memory at most so far. Not from `resource`, which counts the parent's at the fork."""
    (line,) = (each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _forget(folder: Path) -> None:
    """Have the kernel drop what it holds of the files; it does so for what is on the disk."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(paths: list[Path], out: Path) -> None:
    """Nothing but the files' bytes, through one buffer."""
    buffer = memoryview(bytearray(_READ))
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def _load(paths: list[Path], out: Path) -> None:
    """As numpy reads them, which checks the archives' sums."""
    for path in paths:
        with np.load(path) as model:
            for name in model.files:
                model[name]


def _numpy(paths: list[Path], out: Path) -> None:
    """What is written in a minute: load, add, divide, save; in float64, as ours is."""
    total: dict[str, Any] = {}
    for path in paths:
        with np.load(path) as model:
            for name in model.files:
                total[name] = total[name] + model[name] if name in total else model[name].astype(np.float64)
    means: dict[str, Any] = {name: (each / len(paths)).astype(np.float32) for name, each in total.items()}
    np.savez(out, **means)


def _fused(method: str, weighted: bool) -> Callable[[list[Path], Path], None]:
    def fuse(paths: list[Path], out: Path) -> None:
        weights = [float(270 + each) for each in range(len(paths))] if weighted else None
        run_fusion(FusionJob(plan=planned(method), inputs=paths, out=out, weights=weights))

    return fuse


_MEASURED: dict[str, Callable[[list[Path], Path], None]] = {
    "read": _read,
    "load": _load,
    "numpy": _numpy,
    "Mean": _fused("Mean", weighted=False),
    "FedAvg": _fused("FedAvg", weighted=True),
}
_TITLES = {
    "read": "reading the files",
    "load": "numpy.load alone",
    "numpy": "plain numpy",
    "Mean": "bayplan, Mean",
    "FedAvg": "bayplan, FedAvg",
}


def _write(folder: Path, size: int, models: int, suffix: str) -> None:
    """Models of random coordinates."""
    generator = np.random.default_rng(1)
    share = -(-size // _TENSORS)
    base: dict[str, Any] = {
        f"layer{each}": generator.standard_normal(min(share, size - each * share), np.float32) for each in range(_TENSORS)
    }
    np.savez(folder / "base.npz", **base)
    for position in range(models):
        scaled: dict[str, Any] = {name: each * np.float32(1 + position) for name, each in base.items()}
        if suffix == "npz":
            np.savez(folder / f"model-{position:03}.npz", **scaled)
        else:
            np.savez(folder / "one.npz", **scaled)
            job = FusionJob(plan=planned("Mean"), inputs=[folder / "one.npz"], out=folder / f"model-{position:03}.safetensors")
            run_fusion(job)
    for name in ("base.npz", "one.npz"):
        (folder / name).unlink(missing_ok=True)


def _size(text: str) -> int:
    """Of `100M` or `250000`."""
    factor = {"k": 1000, "M": 1_000_000}.get(text[-1:], 1)
    number = text.rstrip("kM") if factor > 1 else text
    if not (number.isdecimal() and int(number) > 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number above 0, such as 100M')
    return int(number) * factor


if __name__ == "__main__":
    main()
