"""Pre-emption: drawn sets of queues, trees and gangs beside a judge, and simulated hours of three queues.

    python -m bench.preemption [--sets 20000] [--hours 10000] [--seed 0] [--json FILE]

Sets: with one and with two resources, rows with node selectors, borrowing and lending limits, shares. Half of the units arrive
first and run; the others follow, and with nothing arriving or ending any more, the decider is asked until it comes to rest. The
judge (`preempting/judge.py`) goes by plain sums and tries all sets of victims; it shares no code with the planner.
Hours: three queues with nominal quotas of 10, 11 and 11 GPUs and gangs of 1, 2, 3, 5 and 7, at 1.1 times what the nodes can do.

Every count of what must not be is 0, or the exit code is 1.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.options import write_json
from bench.preempting.hours import Hours, window
from bench.preempting.sets import drawn
from bench.preempting.settling import Settling

WINDOW = 200.0
"""Hours of arrivals that are simulated at a time."""
SETS = (
    "victims whose pre-emptor did not run",
    "victims that could be left out",
    "several where one does",
    "more than one plan for a wait",
    "stuck",
    "loop",
    "unlawful",
    "needs no victim",
    "does not fit",
    "part of a gang",
    "part of a gang is evicted",
    "placed beyond nodes or quota",
)
"""What must not be, in sets."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.preemption", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", type=int, default=20_000, help="how many sets are drawn")
    parser.add_argument("--hours", type=float, default=10_000.0, help="hours that are simulated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    faults = 0
    for part, amount in ((_sets, given.sets), (_hours, given.hours)):
        what, counts, wrong, seconds = part(amount, given.seed)
        print(f"{what}, {seconds:.0f} s")
        for name, count in {**counts, **wrong}.items():
            print(f"  {name:<40} {count:>12,}")
            rows.append({"what": what, "figure": name, "value": count})
        faults += sum(wrong.values())
    if given.json:
        write_json(given.json, rows)
    return 1 if faults else 0


def _sets(count: float, seed: int) -> tuple[str, dict[str, int], dict[str, int], float]:
    begin, faults = time.monotonic(), Counter[str]()
    counts = Counter[str]()
    for number in range(int(count)):
        found = Settling(drawn((seed, number))).run()
        faults.update(found.faults)
        counts.update({"plans": found.plans, "units evicted": found.victims, "units that wait in the end": found.waited})
        for line in found.told:
            print(f"  set {number}: {line}")
    return f"{count:.0f} sets", dict(counts), {name: faults[name] for name in (*SETS, *faults)}, time.monotonic() - begin


def _hours(hours: float, seed: int) -> tuple[str, dict[str, int], dict[str, int], float]:
    begin, found, number = time.monotonic(), Hours(), 0
    while found.hours < hours:
        window((seed, number), min(WINDOW, hours), found)
        number += 1
    return f"{found.hours:.0f} hours", dict(found.figures), dict(found.faults), time.monotonic() - begin


if __name__ == "__main__":
    sys.exit(main())
