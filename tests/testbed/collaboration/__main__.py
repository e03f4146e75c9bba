"""`python -m tests.testbed.collaboration [NAME ...]`: run examples of examples/collaboration in containers on two real nodes.

Each is compared with a run in one process: results and files, to the last bit. Needs root, as real nodes do.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from ..cluster import Cluster
from ..errors import TestbedError
from .manifests import NAMES, for_real_nodes, workspace
from .nodes import bayplan_on_two_nodes, prepare
from .reference import differences
from .running import Ran, ran
from .status import results


def main() -> int:
    """The exit code is 0 only if all have succeeded, and none differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.testbed.collaboration", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; none: all")
    names = parser.parse_args().names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"{', '.join(unknown)}: there is no such example; there are {', '.join(NAMES)}")
    try:
        with bayplan_on_two_nodes() as testbed:
            prepare(testbed)
            good = [_one(testbed, testbed.workspace, name) for name in names]
    except TestbedError as error:
        print(f"collaboration: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if all(good) else 1


def _one(cluster: Cluster, shared: Path, name: str) -> bool:
    """Answers whether it has succeeded with the same results and files as in one process."""
    began = time.monotonic()
    cluster.kubectl("create", "namespace", name)
    folder = workspace(shared, name)
    try:
        done = ran(cluster, name, for_real_nodes(name, folder), folder)
    except TestbedError as error:
        print(f"{name}: {error}", flush=True)
        return False
    took = time.monotonic() - began
    found = differences(done)
    rounds = f", {len(done.rounds)} rounds" if done.rounds else ""
    verdict = "as in one process, to the last bit" if not found else f"{len(found)} differences from one process"
    print(f"{name}{rounds}, {took:.0f} s: {_figures(done)}; {verdict}", flush=True)
    for each in found[:10]:
        print(f"  {each}", flush=True)
    cluster.kubectl("delete", "namespace", name, "--wait=false")
    return not found


def _figures(done: Ran) -> str:
    """What the tasks have said for whose outputs the manifest asks."""
    shown = {each["name"] for each in done.manifest["spec"]["tasks"] if "outputs" in each}
    kept = results(done.status)
    return ", ".join(f"{name} {_words(said)}" for name, said in kept.items() if name.partition("/")[0] in shown)


def _words(said: dict[str, Any]) -> str:
    return " ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in said.items())


if __name__ == "__main__":
    sys.exit(main())
