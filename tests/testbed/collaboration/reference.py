"""The same example in this process, by the driver of the examples; and whether the containers have computed the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from examples.collaboration import manifests as driver
from examples.collaboration.in_process import InProcess

from .manifests import FOLDER
from .running import Ran
from .status import choices, results


def differences(ran: Ran) -> list[str]:
    """In which results and files the containers differ from one process, to the last bit; a sentence for each.

    Clients that were lost in a round are left out here too, and what was chosen there is chosen here.
    """
    name = ran.manifest["metadata"]["name"]
    with TemporaryDirectory(prefix="bayplan-in-process-") as temporary:
        here = Path(temporary)
        played = InProcess(
            driver.read(FOLDER / f"{name}.yaml"),
            here,
            _variables(ran),
            len(ran.rounds) or None,
            lost=_lost(ran),
            candidates=choices(ran.status),
            tell=lambda _: None,
        )
        # One thread, as in the containers: the order of additions counts. What programs print is of no interest here.
        with threadpool_limits(1), redirect_stdout(io.StringIO()):
            played.run()
        return [*_results(ran, played), *_files(ran, here)]


def _variables(ran: Ran) -> dict[str, str]:
    """Those of the manifest as it was applied, which may differ from the file's."""
    container = ran.manifest["spec"]["template"]["spec"]["containers"][0]
    return {each["name"]: each["value"] for each in container.get("env", ())}


def _lost(ran: Ran) -> frozenset[tuple[str, int, int]]:
    task = ran.manifest["spec"].get("rounds", {}).get("tasks", [""])[0]
    return frozenset((task, shard, each.ended.number) for each in ran.rounds for shard in each.lost())


def _results(ran: Ran, played: InProcess) -> Iterator[str]:
    """Of each shard the keys that the graph keeps."""
    for name, kept in results(ran.status).items():
        task, _, shard = name.partition("/")
        expected: dict[str, Any] = played.ran[task].results[int(shard or 0)]
        for key, value in kept.items():
            if value != expected.get(key):
                yield f"{name} has {key} {value!r}, and {expected.get(key)!r} in one process"


def _files(ran: Ran, here: Path) -> Iterator[str]:
    """Each file of TASK/ROUND/SHARD/ATTEMPT: whichever attempt left it, it is the same."""
    for expected in sorted(here.glob("*/[0-9]*/[0-9]*/1/*")):
        place = expected.relative_to(here)
        found = sorted((ran.files / place.parents[1]).glob(f"[0-9]*/{place.name}"))
        if not found:
            yield f"{place} is missing"
        for each in found:
            if not _same(expected, each):
                yield f"{each.relative_to(ran.files)} is not what one process has"


def _same(one: Path, other: Path) -> bool:
    if one.suffix != ".npz":
        return one.read_bytes() == other.read_bytes()
    with np.load(one) as first, np.load(other) as second:
        return first.files == second.files and all(first[key].tobytes() == second[key].tobytes() for key in first.files)
