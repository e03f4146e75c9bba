"""What a long line costs: requests of many queues that wait, ordered as a whole, and one decision after one of them has ended.

    python -m bench.line [--waiting 10000,20000,40000] [--queues 200] [--seed 0] [--repeat 5] [--json FILE]

Each queue may hold its own quota and borrow; what waits asks for 1 to 8 processors at five priorities. `plain`: quotas alone.
`shares and ages`: the shares of the queues are compared, and requests gain by waiting. Processor time of this process: the
median of the repetitions, and for decisions of 200 in which one request ended and others took its place.
"""

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bayplan.admission.line.whole import whole_line
from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Outcome
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.wish import Wish
from bench.options import count, counts

_CPU, _DECISIONS, _RUN = QuotaKey("cpu"), 200, 100.0
_CLASSES = [RequestClass((("cpu", 1000 * cpu), ("memory", 2**30), ("pods", 1))) for cpu in (1, 2, 4, 8)]


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.line", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--waiting", type=counts, default=[10_000, 20_000, 40_000], metavar="N,...")
    parser.add_argument("--queues", type=count, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=count, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rows = []
    for waiting in arguments.waiting:
        for kind in ("plain", "shares and ages"):
            world = World(waiting, arguments.queues, kind != "plain", arguments.seed)
            gc.collect()
            gc.freeze()  # as the operator does once it has what it needs
            ordering = 1000 * median(world.ordering() for _ in range(arguments.repeat))
            ticks = sorted(1000 * world.tick(number) for number in range(_DECISIONS))
            row = {
                "waiting": waiting,
                "queues": arguments.queues,
                "kind": kind,
                "ordering_ms": round(ordering, 2),
                "decision_p50_ms": round(median(ticks), 2),
                "decision_p90_ms": round(ticks[int(0.9 * len(ticks))], 2),
            }
            rows.append(row)
            print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return 0


def queues(number: int, *, compared: bool) -> QueueTree:
    """So many, below one."""
    ageing = Ageing(10.0, 100.0) if compared else None
    row = QuotaRow(_CPU, 20_000, 100_000)
    below = [Queue(f"q{each}", "root", (row,), ageing=ageing) for each in range(number)]
    return tree_of([Queue("root", half_life=3_600.0 if compared else None), *below])


@dataclass
class World:
    """Full nodes, and so many requests that wait."""

    waiting: int
    queues: int
    compared: bool
    seed: int
    now: float = 1e4
    running: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Fill the nodes."""
        self.random = random.Random(self.seed)
        self.tree, self.cluster = queues(self.queues, compared=self.compared), Cluster()
        for number in range(5 * self.queues // 2):
            self.cluster.set_node(NodeInfo(f"n{number}", {"cpu": 8_000, "memory": 2**35, "pods": 110}))
        self.decider = Decider(self.cluster, self.seed)
        self.decider.update(Changes(queues=self.tree))
        self.requests: dict[int, Request] = {}
        strategy = compile_preset("BestFit")
        fills = 6 * self.queues
        wishes = [Wish(self._request(number), strategy) for number in range(self.waiting + fills)]
        self.decider.update(Changes(wanted=tuple(wishes)))
        self._act(self.decider.decide(self.now))
        surplus = len(self.decider) - self.waiting
        if surplus > 0:  # as many wait as were asked for
            self.decider.update(Changes(dropped=tuple(list(self.decider.wishes)[-surplus:])))
            self.decider.decide(self.now)

    def ordering(self) -> float:
        """Seconds in which the whole line is put in order."""
        wishes = list(self.decider.wishes.values())
        shares = self._shares()
        return _timed(lambda: whole_line(wishes, self.tree, shares, self.now))

    def tick(self, number: int) -> float:
        """Seconds of one decision after something has ended."""
        self.now += 1.0
        self.cluster.vacate(self.running.pop(self.random.randrange(len(self.running))))
        outcome: list[Outcome] = []
        seconds = _timed(lambda: outcome.append(self.decider.decide(self.now)))
        self._act(outcome[0])
        return seconds

    def _shares(self) -> QueueShares | None:
        if not self.compared:
            return None
        found = QueueShares(self.cluster, self.tree, self.decider.promises.running)
        found.step(self.now)
        return found.apart()

    def _request(self, number: int) -> Request:
        asked, priority = self.random.choice(_CLASSES), self.random.randrange(5)
        queue, at = f"q{self.random.randrange(self.queues)}", float(number)
        found = Request(number, asked, priority, arrival=(at,), queue=queue, since=at, duration=_RUN)
        self.requests[number] = found
        return found

    def _act(self, outcome: Outcome) -> None:
        for each in outcome.placements:
            request = self.requests[each.request_id]  # type: ignore[index]
            tenant = Tenant(queue=request.queue, since=self.now, expected_end=self.now + _RUN)
            self.cluster.occupy(request.id, each.node or "", dict(request.request_class.resources), tenant=tenant)
            self.running.append(request.id)  # type: ignore[arg-type]


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
