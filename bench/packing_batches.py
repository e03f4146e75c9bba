"""GPU packing on Alibaba's openb trace with look-ahead or with migration: not comparable to what `bench.packing` measures.

    python -m bench.packing_batches --nodes nodes.csv --pods default.csv --regime b [--batch 200] [--policy Packing ...]
        [--mix known|learned] [--seeds 42-51] [--budget 2.0] [--json FILE] [--out FILE]

Regime b, look-ahead: pods arrive as in `bench.packing`, but so many at a time, which are placed together; what does not fit
then is dropped, and nothing moves. Regime c, migration: when 100 % and 130 % of the GPUs have been asked for, all that has
arrived so far, dropped or not, is placed again in one batch on empty nodes, once from largest first and once from the order
of arrival; the better answer counts. The planners' objective is the GPUs in use: a
pod's priority is what it asks of them. `--budget`: seconds for each batch.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import Arrivals, MixModel, mix_model
from bayplan.model.decision import Decision
from bayplan.model.gpu import GpuUse
from bayplan.model.workload import NodeInfo, Request
from bayplan.strategy.context import Context
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Order
from bench.inflation import arrivals, unallocated
from bench.openb import TraceError, TracePod, read_nodes, read_pods
from bench.packing import LOADS, Placed, capacity, seeds, write
from bench.sources import name_sources

LARGEST_FIRST, AS_ARRIVED = ORDERS["Priority"], ORDERS["Age"]
POLICIES = ("Packing", "BestFit", "LinearProgram", "IntegerProgram", "Genetic", "AntColony", "Auction")


@dataclass(frozen=True, slots=True)
class Setting:
    """How pods are placed."""

    policy: str
    regime: str
    batch: int
    mix: str
    seed: int
    budget: float


def main() -> int:
    """Run the benchmark; answers the exit code."""
    arguments = _arguments()
    policies = arguments.policy or list(POLICIES)
    if arguments.out and len(policies) * len(arguments.seeds) > 1:
        print("--out is for one run: name one --policy and one seed", file=sys.stderr)
        return 2
    figures = []
    try:
        nodes, pods = read_nodes(arguments.nodes), read_pods(arguments.pods)
        if not capacity(nodes):
            raise TraceError(f"{arguments.nodes}: no node has a GPU: the benchmark measures how many are in use")
        for policy in policies:
            for seed in arguments.seeds:
                setting = Setting(policy, arguments.regime, arguments.batch, arguments.mix, seed, arguments.budget)
                figure, placed = run(nodes, pods, setting)
                figures.append({"pods": arguments.pods.stem, **figure})
                print(_line(figures[-1]), flush=True)
        if arguments.out:
            write(arguments.out, placed)
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    except (TraceError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(nodes: Sequence[NodeInfo], pods: Sequence[TracePod], setting: Setting) -> tuple[dict[str, Any], list[Placed]]:
    """The figures of one run, and where everything went (in regime c: at the highest load)."""
    order = arrivals(pods, capacity(nodes), LOADS[-1] / 100, setting.seed)
    begin = time.perf_counter()
    regime = _look_ahead if setting.regime == "b" else _migration
    left, placed = regime(nodes, pods, order, setting)
    seconds = time.perf_counter() - begin
    figure = {
        "policy": setting.policy, "mix": setting.mix, "seed": setting.seed, "regime": setting.regime,
        "batch": setting.batch if setting.regime == "b" else len(order),
        **{f"unallocated_{load}": value for load, value in left.items()}, "decisions_per_s": len(order) / seconds,
    }  # fmt: skip
    return figure, placed


def _look_ahead(
    nodes: Sequence[NodeInfo], pods: Sequence[TracePod], order: Sequence[TracePod], setting: Setting
) -> tuple[dict[int, float], list[Placed]]:
    cluster, mixes = _empty(nodes), _mixes(pods, setting)
    placed: list[Placed] = []
    for first in range(0, len(order), setting.batch):
        together = order[first : first + setting.batch]
        decisions = _batch(together, cluster, mixes(together, cluster), setting, first, LARGEST_FIRST)
        for number, (pod, decision) in enumerate(zip(together, decisions, strict=True), start=first):
            placed.append(Placed(pod, decision.node, decision.gpus))
            if decision.node is not None:
                asked = pod.request_class.gpus
                use = GpuUse(asked, decision.gpus) if asked else None
                cluster.occupy(number, decision.node, dict(pod.request_class.resources), use)
    asked = np.array([each.pod.gpu for each in placed], np.int64)
    got = np.where([each.node is not None for each in placed], asked, 0)
    return {load: unallocated(asked, got, capacity(nodes), load) for load in LOADS}, placed


def _migration(
    nodes: Sequence[NodeInfo], pods: Sequence[TracePod], order: Sequence[TracePod], setting: Setting
) -> tuple[dict[int, float], list[Placed]]:
    mixes, left, placed = _mixes(pods, setting), {}, []
    arrived = np.cumsum([pod.gpu for pod in order])
    for load in LOADS:
        together = order[: int(np.searchsorted(arrived, capacity(nodes) * load / 100, "right"))]
        cluster = _empty(nodes)
        mix = mixes(together, cluster)
        tries = [_batch(together, cluster, mix, setting, 0, order) for order in (LARGEST_FIRST, AS_ARRIVED)]
        placed = max(([Placed(pod, each.node, each.gpus) for pod, each in zip(together, one, strict=True)] for one in tries),
                     key=_in_use)  # fmt: skip
        left[load] = 100 * (1 - _in_use(placed) / capacity(nodes))
    return left, placed


def _batch(
    together: Sequence[TracePod], cluster: Cluster, mix: MixModel | None, setting: Setting, turn: int, order: Order
) -> list[Decision]:
    end = time.monotonic() + setting.budget
    context = Context(seed=setting.seed, turn=turn, mix=mix, stop=lambda: time.monotonic() > end)
    requests = [
        Request((turn, number), pod.request_class, priority=pod.gpu, arrival=(turn + number,))
        for number, pod in enumerate(together)
    ]
    return place(requests, cluster, replace(compile_preset(setting.policy), order=(order,)), context)


def _in_use(placed: Sequence[Placed]) -> int:
    return sum(each.pod.gpu for each in placed if each.node is not None)


def _mixes(pods: Sequence[TracePod], setting: Setting) -> Callable[[Sequence[TracePod], Cluster], MixModel | None]:
    """What is known of the mix when a batch comes."""
    learned = Arrivals()
    newest: MixModel | None = None

    def of_the_trace(together: Sequence[TracePod], cluster: Cluster) -> MixModel | None:
        nonlocal newest
        if newest is None:
            newest = mix_model(Counter(pod.request_class for pod in pods), cluster, setting.seed)
        return newest

    def of_arrivals(together: Sequence[TracePod], cluster: Cluster) -> MixModel | None:
        nonlocal newest
        for pod in together:
            learned.count(pod.request_class)
        if learned.due:
            newest = mix_model(learned.take(), cluster, setting.seed)
        return newest

    return of_the_trace if setting.mix == "known" else of_arrivals


def _empty(nodes: Sequence[NodeInfo]) -> Cluster:
    cluster = Cluster()
    for node in nodes:
        cluster.set_node(node)
    return cluster


def _line(figure: dict[str, Any]) -> str:
    loads = "".join(f"{figure[f'unallocated_{load}']:>8.2f} % at {load} %" for load in LOADS)
    return f"{figure['policy']:<16}regime {figure['regime']}, batch {figure['batch']:>6}, seed {figure['seed']}{loads}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.packing_batches", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "openb")
    parser.add_argument("--nodes", type=Path, required=True, help="nodes.csv of the trace")
    parser.add_argument("--pods", type=Path, required=True, help="a pod list")
    parser.add_argument("--regime", choices=("b", "c"), required=True, help="b: look-ahead, c: migration")
    parser.add_argument("--batch", type=_above_zero, default=200, help="pods placed together in regime b (default: 200)")
    parser.add_argument("--policy", action="append", choices=POLICIES, help="may be given several times; default: all")
    parser.add_argument("--mix", choices=("known", "learned"), default="learned", help="what is known of the mix of pods")
    parser.add_argument("--seeds", type=seeds, default=[42], help="such as 42-51 or 42,43 (default: 42)")
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for each batch (default: 2)")
    parser.add_argument("--json", type=Path, help="write the figures of every run there")
    parser.add_argument("--out", type=Path, help="write where each pod of the one run went there, as CSV")
    return parser.parse_args()


def _above_zero(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number above 0')
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
