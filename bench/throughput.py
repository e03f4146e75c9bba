"""How many decisions a second the library makes: one request at a time, each committed before the next.

    python -m bench.throughput --in-memory [--nodes 1213,5000,10000] [--pods 10000] [--classes 50] [--policy Packing]
        [--neighbours none|labels|terms] [--data DIR] [--seed 42] [--json FILE]
    python -m bench.throughput --testbed [--nodes 1000] [--pods 2000] [--rounds 3] [--json FILE]

With --testbed, how many pods a second are bound on a real control plane with simulated nodes: see `throughput_testbed`.

Nodes are those of Alibaba's openb trace in its proportions; the classes are drawn from its pods by frequency. Without the
folder that holds nodes.csv and default.csv, both come from a short table of their kinds. The cluster starts half full.
Everything counts that happens while requests arrive: caches, and for policies that look at it, learning what arrives and models
made from it. What compiling the kernels costs a process that finds none on disk is measured before and shown apart.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import Arrivals, mix_model
from bayplan.model.gpu import GpuUse
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.strategy.protocols import Strategy
from bayplan.warm.presets import warm_up
from bench import neighbours, openb_kinds, throughput_testbed
from bench.openb import MILLI, TraceError, node, read_nodes, read_pods, request_class
from bench.sources import name_sources


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured."""

    nodes: list[NodeInfo]
    classes: list[RequestClass]
    """In the order in which requests arrive."""
    filling: list[RequestClass]
    """What fills half of the cluster beforehand."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.throughput", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "openb")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--in-memory", action="store_true", help="measure the library alone (the default)")
    where.add_argument("--testbed", action="store_true", help="measure bound pods on a control plane with simulated nodes")
    parser.add_argument("--rounds", type=_count, default=3, help="of all modes in turn, after a warm-up; with --testbed")
    parser.add_argument("--data", type=Path, help="folder with nodes.csv and default.csv of the openb trace")
    parser.add_argument("--nodes", type=_counts, help="how many nodes, such as 1213,5000; with --testbed one number (1000)")
    parser.add_argument("--pods", type=_count, help="10000; 2000 with --testbed")
    parser.add_argument("--classes", type=_count, default=50)
    parser.add_argument("--policy", action="append", choices=sorted(PRESETS), help="may be given several times")
    parser.add_argument(
        "--neighbours", choices=neighbours.KINDS, default="none", help="what pods ask of each other; see the docs"
    )
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.nodes = arguments.nodes or ([1000] if arguments.testbed else [1213, 5000, 10000])
    arguments.pods = arguments.pods or (2000 if arguments.testbed else 10_000)
    if arguments.testbed:
        return throughput_testbed.run(arguments)
    begin = time.perf_counter()
    warm_up()
    print(f"kernels ready after {time.perf_counter() - begin:.1f} s")
    figures = []
    try:
        for nodes in arguments.nodes:
            work = draw(arguments, nodes)
            for policy in arguments.policy or ["BestFit", "Packing"]:
                figures.append(measure(work, policy, arguments.seed, arguments.neighbours))
                print(_line(figures[-1]))
    except TraceError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    return 0


def draw(arguments: argparse.Namespace, count: int) -> Work:
    """Nodes in the trace's proportions, classes by the trace's frequencies. Raises `TraceError`."""
    generator = random.Random(arguments.seed)
    kinds, frequency = _trace(arguments.data) if arguments.data else _kinds()
    nodes = [_renamed(kinds[number * len(kinds) // count % len(kinds)], number) for number in range(count)]
    classes: list[RequestClass] = []
    while len(classes) < min(arguments.classes, len(frequency)):
        (drawn,) = generator.choices(list(frequency), [frequency[each] for each in frequency])
        if drawn not in classes:
            classes.append(drawn)
    weights = [frequency[each] for each in classes]
    half = sum(each.gpus.count if each.gpus else 0 for each in nodes) * 1000 // 2
    filling = []
    while half > 0:
        filling.append(generator.choices(classes, weights)[0])
        half -= max(1, _gpu(filling[-1]))
    return Work(nodes, generator.choices(classes, weights, k=arguments.pods), filling)


def _trace(folder: Path) -> tuple[list[NodeInfo], Counter[RequestClass]]:
    pods = read_pods(folder / "default.csv")
    return read_nodes(folder / "nodes.csv"), Counter(pod.request_class for pod in pods)


def _kinds() -> tuple[list[NodeInfo], Counter[RequestClass]]:
    nodes = [node(f"kind-{n}", *kind) for n, (kind, count) in enumerate(openb_kinds.NODES) for _ in range(count)]
    return nodes, Counter({request_class(*kind): count for kind, count in openb_kinds.PODS})


def measure(work: Work, policy: str, seed: int, kind: str) -> dict[str, Any]:
    """Place everything, one by one. `kind`: what pods ask of each other, one of `neighbours.KINDS`."""
    cluster, strategy = Cluster(), compile_preset(policy)
    for each in work.nodes if kind == "none" else neighbours.zoned(work.nodes):
        cluster.set_node(each)
    for number, cls in enumerate(work.filling):
        _commit(
            Request(("before", number), cls, neighbour=neighbours.there(kind, number)), cluster, strategy, Context(turn=number)
        )
    arrivals, context = Arrivals(), Context(seed=seed)
    learns = strategy.uses_mix
    took = np.zeros(len(work.classes))
    placed = 0
    for number, cls in enumerate(work.classes):
        request = Request(number, cls, neighbour=neighbours.pod(kind, number))
        begin = time.perf_counter()
        if learns:
            arrivals.count(cls)
        if arrivals.due:
            context = Context(seed=seed, mix=mix_model(arrivals.take(), cluster, seed))
        placed += _commit(request, cluster, strategy, context)
        took[number] = time.perf_counter() - begin
    seconds = float(took.sum())
    return {
        "mode": "in-memory", "policy": policy, "neighbours": kind, "nodes": len(work.nodes), "pods": len(took),
        "classes": len(set(work.classes)), "placed": placed, "seconds": seconds, "per_second": len(took) / seconds,
        "p99_ms": 1000 * float(np.quantile(took, 0.99)),
    }  # fmt: skip


def _commit(request: Request, cluster: Cluster, strategy: Strategy, context: Context) -> bool:
    (decision,) = place([request], cluster, strategy, context)
    if decision.node is None:
        return False
    asked = request.request_class
    use = GpuUse(asked.gpus, decision.gpus) if asked.gpus is not None else None
    tenant = None if request.neighbour is None else Tenant(neighbour=request.neighbour)
    cluster.occupy(request.id, decision.node, dict(asked.resources), use, tenant)
    return True


def _gpu(cls: RequestClass) -> int:
    return dict(cls.resources).get(MILLI, 0)


def _renamed(kind: NodeInfo, number: int) -> NodeInfo:
    return NodeInfo(f"node-{number:05}", kind.allocatable, gpus=kind.gpus)


def _line(figure: dict[str, Any]) -> str:
    return (
        f"{figure['policy']:<16}{figure['nodes']:>7} nodes {figure['per_second']:>9.0f} decisions/s"
        f"   p99 {figure['p99_ms']:.3f} ms   {figure['placed']} of {figure['pods']} placed"
    )


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number above 0')
    return int(text)


def _counts(text: str) -> list[int]:
    return [_count(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
