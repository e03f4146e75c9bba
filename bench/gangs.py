"""How long it takes to decide a gang: anywhere, or in one domain; with room for all of it, and with one place too few.

    python -m bench.gangs [--members 512] [--nodes 600] [--policy BestFit] [--repeat 5] [--testbed] [--json FILE]

Each node holds one member. The nodes are in racks, of which one has room for the gang and the others hold eight nodes each. The
members are alike, or of two classes as two stages of a model. Compiling the kernels is not counted. CPU: of the median run,
in processor time, which other work on the machine does not lengthen.

With --testbed, on a real control plane with simulated nodes: how soon all pods are bound, see `gangs_testbed`.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.workload import Gang, GangTopology, NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish
from bench import gangs_testbed
from bench.options import count, write_json

RACK = "topology.kubernetes.io/rack"
SMALL = 8
"""Nodes of each rack but the large one."""
TOPOLOGIES = {"anywhere": None, "one rack": GangTopology(RACK), "one rack if possible": GangTopology(RACK, required=False)}
_ALIKE = (RequestClass((("cpu", 8000), ("pods", 1))),)
_STAGES = (RequestClass((("cpu", 8000), ("pods", 1))), RequestClass((("cpu", 6000), ("pods", 1))))
KINDS = {"alike": _ALIKE, "two stages": _STAGES}


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.gangs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--members", type=count, default=512)
    parser.add_argument("--nodes", type=count, default=600)
    parser.add_argument("--policy", default="BestFit")
    parser.add_argument("--repeat", type=count, default=5)
    parser.add_argument("--testbed", action="store_true", help="bind them, on a control plane with simulated nodes")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.nodes < arguments.members:
        parser.error(f"--nodes is {arguments.nodes}: it must be at least --members, {arguments.members}")
    if arguments.testbed:
        figures = gangs_testbed.run(arguments.members, arguments.nodes, arguments.repeat)
        for each in figures:
            print(f"{each['binding']:<12}{each['what']:<40}median {each['median']:.2f} s   longest {each['longest']:.2f} s")
        write_json(arguments.json, figures)
        return 0
    figures = measure(arguments.members, arguments.nodes, arguments.policy, arguments.repeat)
    for each in figures:
        print(
            f"{each['kind']:<12}{each['where']:<22}{each['room']:>5} have room {each['placed']:>5} placed"
            f"   median {each['median']:.3f} s   longest {each['longest']:.3f} s   CPU {each['cpu']:.3f} s"
        )
    write_json(arguments.json, figures)
    return 0


def measure(members: int, nodes: int, policy: str = "BestFit", repeat: int = 5) -> list[dict[str, Any]]:
    """Seconds that each case takes."""
    strategy, found = compile_preset(policy), []
    _decide(cluster(members, nodes), members, _STAGES, None, strategy)  # compiles
    for kind, classes in KINDS.items():
        for where, topology in TOPOLOGIES.items():
            for room in (members, members - 1):
                on = cluster(room, nodes)
                runs = [_decide(on, members, classes, topology, strategy) for _ in range(repeat)]
                seconds = sorted(each[0] for each in runs)
                found.append(
                    {
                        "kind": kind, "where": where, "members": members, "nodes": nodes, "room": room, "placed": runs[0][2],
                        "median": seconds[len(seconds) // 2], "longest": seconds[-1],
                        "cpu": sorted(each[1] for each in runs)[len(runs) // 2],
                    }
                )  # fmt: skip
    return found


def _decide(
    on: Cluster, members: int, classes: tuple[RequestClass, ...], topology: GangTopology | None, strategy: Strategy
) -> tuple[float, float, int]:
    """Seconds by the clock and of the processor, and how many were placed. The cluster is left as it was."""
    gang = Gang("train", topology=topology, name="train")
    decider = Decider(on)
    decider.update(
        Changes(
            tuple(Wish(Request(n, classes[n % len(classes)], gang=gang, name="graph/train"), strategy) for n in range(members))
        )
    )
    begin, begin_cpu = time.perf_counter(), time.process_time()
    outcome = decider.decide(0.0)
    return time.perf_counter() - begin, time.process_time() - begin_cpu, len(outcome.placements)


def cluster(room: int, nodes: int) -> Cluster:
    """So many nodes with room for one member, all in one rack; the others are half full, in small racks."""
    made = Cluster()
    for number in range(nodes):
        rack = "large" if number < room else f"small-{(number - room) // SMALL:03}"
        made.set_node(NodeInfo(f"n{number:05}", {"cpu": 8000, "pods": 110}, {RACK: rack}))
        if number >= room:
            made.occupy(number, f"n{number:05}", {"cpu": 4000, "pods": 1})
    return made


if __name__ == "__main__":
    sys.exit(main())
