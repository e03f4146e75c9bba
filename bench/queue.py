"""Waiting under load: what it is worth to know how long runs take, and slowdown against the longest wait.

    python -m bench.queue --part prediction --data jobs.csv [--policy predicted ...] [--seed 1] [--repeats 20] [--json FILE]
    python -m bench.queue --part front --data lublin_256.swf [--policy aged-area ...] [--seed 1] [--windows 10] [--out FILE.csv]

`prediction` has three parts. Philly: jobs of a trace, of which only GPUs, submission and the past are known; the share
recovered is that of the gain of shortest first with true run times over first come first served, in mean completion time,
over clusters where that gain is 15 % or more. Tasks that come back: 50 identities, 2,000 jobs, 8 servers; the same share, of
the gain of shortest first by the identity's true mean. Calibration: per cluster and number of GPUs, each run predicted from
earlier ones, all of them or only those that had ended.

`front`: windows of 1,024 jobs of a trace whose run times are known beforehand, on one pool of processors, without pre-emption.
Two orders of policies, by the library's decider with one reservation, beside first come, first served and F1, both with EASY
backfilling. `--out`: the jobs of the first window under the last policy.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.queue_front import FRONT, front
from bench.queue_policies import PHILLY
from bench.queue_prediction import prediction
from bench.reading import DataError
from bench.sources import name_sources

PARTS: dict[str, Callable[[argparse.Namespace], list[dict[str, Any]]]] = {"prediction": prediction, "front": front}


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.queue", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "philly", "lublin")
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--data", type=Path, required=True, help="jobs: timestamp,duration,num_gpus,cluster; or .swf")
    parser.add_argument("--policy", action="append", choices=[*PHILLY, *FRONT], help="may be given several times")
    parser.add_argument("--seed", type=int, default=1, help="of the first draw of tasks that come back, and of windows")
    parser.add_argument("--windows", type=_count, default=10, help="how many windows of the trace")
    parser.add_argument("--processors", type=_count, default=256, help="of the pool in `front`")
    parser.add_argument("--repeats", type=_count, default=20, help="how many draws of tasks that come back")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--out", type=Path, metavar="FILE", help="of `front`: job,submit,start,finish,processors as CSV")
    arguments = parser.parse_args()
    known = FRONT if arguments.part == "front" else PHILLY
    other = next((each for each in arguments.policy or () if each not in known), None)
    if other is not None:
        parser.error(f"--policy {other} is not of --part {arguments.part}: there are {', '.join(known)}")
    try:
        rows = PARTS[arguments.part](arguments)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be 1 or above")
    return value


if __name__ == "__main__":
    sys.exit(main())
