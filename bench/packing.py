"""Online GPU packing on Alibaba's openb trace: how much of the GPUs stays unallocated under load.

    python -m bench.packing --nodes nodes.csv --pods default.csv [--policy Default ...] [--mix known|learned]
        [--seeds 42-51] [--json FILE] [--out FILE]

One pod at a time, each decided without knowing the next; nothing moves, nothing is tried again, a pod that fits nowhere is
dropped. The protocol is that of "Beware of Fragmentation" (Weng et al., USENIX ATC 2023): the figure is the share of the GPUs
that is not allocated when 100 % and 130 % of the capacity have been asked for. `Random`, `BestFit` and `FGD` are the
published baselines, `Default` is what Bayplan does on its own. `--mix learned`: all that is known of the mix is what has
arrived; `--mix known`: the trace's own, as the published FGD has it. Decisions per second include learning and models.
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.arrivals import Arrivals, mix_model
from bayplan.model.gpu import WHOLE, GpuUse
from bayplan.model.workload import NodeInfo, Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from bench.inflation import arrivals, unallocated
from bench.openb import TraceError, TracePod, read_nodes, read_pods
from bench.random_place import RandomPlace
from bench.sources import name_sources

LOADS = (100, 130)
POLICIES = ("Random", "BestFit", "FGD", "Default")


@dataclass(frozen=True, slots=True)
class Placed:
    """One arrival and where it went; no node: dropped."""

    pod: TracePod
    node: str | None
    gpus: tuple[int, ...]


def main() -> int:
    """Run the benchmark; answers the exit code."""
    arguments = _arguments()
    policies, traces = arguments.policy or list(POLICIES), arguments.pods
    if arguments.out and len(policies) * len(traces) * len(arguments.seeds) > 1:
        print("--out is for one run: name one --policy, one --pods and one seed", file=sys.stderr)
        return 2
    figures = []
    try:
        nodes = read_nodes(arguments.nodes)
        pods = {path: read_pods(path) for path in traces}
        if not any(node.gpus for node in nodes):
            raise TraceError(f"{arguments.nodes}: no node has a GPU: the benchmark measures how many are in use")
        for policy in policies:  # so that the kernels are compiled before it counts
            run(nodes, pods[traces[0]][:1000], policy, "known", seed=0)
        print(f"{'pods':<14}{'policy':<10}{'mix':<9}{'seeds':>5}{'100 %':>15}{'130 %':>15}{'decisions/s':>13}")
        for path in traces:
            for policy in policies:
                runs = [run(nodes, pods[path], policy, arguments.mix, seed) for seed in arguments.seeds]
                of_seeds = [
                    {
                        "policy": policy,
                        "pods": path.stem,
                        "mix": arguments.mix,
                        "seed": seed,
                        **_figures(nodes, placed, seconds),
                    }
                    for seed, (placed, seconds) in zip(arguments.seeds, runs, strict=True)
                ]
                print(_line(of_seeds), flush=True)
                figures += of_seeds
                if arguments.out:
                    write(arguments.out, runs[0][0])
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    except (TraceError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(nodes: Sequence[NodeInfo], pods: Sequence[TracePod], policy: str, mix: str, seed: int) -> tuple[list[Placed], float]:
    """Let the pods arrive one by one; where each went, and how many seconds all of that took."""
    cluster, strategy = Cluster(), strategy_of(policy)
    for node in nodes:
        cluster.set_node(node)
    order = arrivals(pods, capacity(nodes), LOADS[-1] / 100, seed)
    begin = time.perf_counter()
    learned, context = Arrivals(), Context(seed=seed)
    if mix == "known":
        context = Context(seed=seed, mix=mix_model(Counter(pod.request_class for pod in pods), cluster, seed))
    placed = []
    for number, pod in enumerate(order):
        if mix == "learned":
            learned.count(pod.request_class)
            if learned.due:
                context = Context(seed=seed, mix=mix_model(learned.take(), cluster, seed))
        now = Context(seed=seed, turn=number, mix=context.mix)
        (decision,) = place([Request(number, pod.request_class)], cluster, strategy, now)
        placed.append(Placed(pod, decision.node, decision.gpus))
        if decision.node is not None:
            asked = pod.request_class.gpus
            use = GpuUse(asked, decision.gpus) if asked else None
            cluster.occupy(number, decision.node, dict(pod.request_class.resources), use)
    return placed, time.perf_counter() - begin


def strategy_of(policy: str) -> Strategy:
    """The published baselines in their published form; the library's own by its preset."""
    if policy == "Default":
        return compile_preset("Packing")
    scorer = {"Random": "RandomPlace", "BestFit": "RoundedBestFit", "FGD": "FragmentationGradient"}[policy]
    return compile_strategy([], [Named(scorer)], Named("Greedy"), plugin=Plugin(scorers={"RandomPlace": RandomPlace}))


def capacity(nodes: Sequence[NodeInfo]) -> int:
    """Thousandths of GPUs."""
    return sum(WHOLE * node.gpus.count for node in nodes if node.gpus)


def _figures(nodes: Sequence[NodeInfo], placed: Sequence[Placed], seconds: float) -> dict[str, Any]:
    asked = np.array([each.pod.gpu for each in placed], np.int64)
    got = np.where([each.node is not None for each in placed], asked, 0)
    left = {f"unallocated_{load}": unallocated(asked, got, capacity(nodes), load) for load in LOADS}
    return {**left, "decisions_per_s": len(placed) / seconds, "regime": "a"}


def _line(figures: Sequence[dict[str, Any]]) -> str:
    first = figures[0]
    text = f"{first['pods']:<14}{first['policy']:<10}{first['mix']:<9}{len(figures):>5}"
    for load in LOADS:
        values = np.array([each[f"unallocated_{load}"] for each in figures])
        text += f"{values.mean():>8.2f} ± {values.std(ddof=len(values) > 1):.2f}"
    return text + f"{np.mean([each['decisions_per_s'] for each in figures]):>13.0f}"


def write(path: Path, placed: Sequence[Placed]) -> None:
    """Where each pod went, as CSV: pod, node, gpus; a pod that is drawn again is `name#2`, `name#3` ..."""
    drawn: Counter[str] = Counter()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pod", "node", "gpus"])
        for each in placed:
            drawn[each.pod.name] += 1
            again = drawn[each.pod.name]
            name = each.pod.name if again == 1 else f"{each.pod.name}#{again}"
            writer.writerow([name, each.node or "", ";".join(str(gpu) for gpu in each.gpus)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.packing", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "openb")
    parser.add_argument("--nodes", type=Path, required=True, help="nodes.csv of the trace")
    parser.add_argument("--pods", type=Path, required=True, action="append", help="a pod list; may be given several times")
    parser.add_argument("--policy", action="append", choices=POLICIES, help="may be given several times; default: all")
    parser.add_argument("--mix", choices=("known", "learned"), default="learned", help="what is known of the mix of pods")
    parser.add_argument("--seeds", type=seeds, default=list(range(42, 52)), help="such as 42-51 or 42,43 (default: 42-51)")
    parser.add_argument("--json", type=Path, help="write the figures of every run there")
    parser.add_argument("--out", type=Path, help="write where each pod of the one run went there, as CSV")
    return parser.parse_args()


def seeds(text: str) -> list[int]:
    """The seeds that `42-51` or `42,43` means, for `argparse`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
            raise argparse.ArgumentTypeError(f'"{text}" must be whole numbers, such as 42-51 or 42,43')
        found += range(int(first), int(last or first) + 1)
    return found


if __name__ == "__main__":
    sys.exit(main())
