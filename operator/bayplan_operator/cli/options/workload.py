"""Options that several commands share, and what they come to."""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bayplan.plugins import installed
from bayplan.presets import compile_preset
from bayplan.simulation import Delays, Failures, HiddenLoad, Policy, RunTimes, Scrapes, Setup, Submission
from bayplan.spelling import unknown
from bayplan.strategy import StrategyError
from bayplan_operator.cli.cluster.current import Current
from bayplan_operator.cli.options.values import bytes_per_second, count, duration, long, pairs, share, speeds
from bayplan_operator.settings import Settings
from bayplan_operator.translate.policy import Policy as Compiled
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.workflows import InputError, Workload, read_graphs, read_nodes
from bayplan_operator.workflows.documents import documents, files
from bayplan_operator.workflows.failures import read_failures
from bayplan_operator.workflows.graphs import read_policy

DEFAULT = "default"
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Named:
    """A policy, by the name that people gave it."""

    name: str
    policy: Policy


def add_workload(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """What runs, where, and how fast."""
    parser.add_argument(
        "--file", "-f", action="append", type=Path, default=None, required=required, metavar="PATH",
        help="a file or folder with TaskGraphs, WfCommons workflows or Argo DAGs; -: standard input; may be repeated",
    )  # fmt: skip
    parser.add_argument("--nodes", type=Path, metavar="FILE", help="nodes: kubectl get nodes -o yaml, or a short list")
    parser.add_argument("--speeds", type=speeds, default={}, metavar="CLASS=X,...",
                        help="speed of each node class, such as fast=2.0,slow=0.5; others have 1")  # fmt: skip
    parser.add_argument("--bandwidth", type=bytes_per_second, default=Settings(identity="").bandwidth, metavar="QUANTITY",
                        help="bytes per second between two nodes, for dependsOn[].data (default: 125M, 1 Gbit/s)")  # fmt: skip


def add_policy(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Which policy places all graphs."""
    more = "may be given several times" if several else "default: the policies that the graphs name"
    parser.add_argument("--policy", action="append", required=several, metavar="NAME|FILE",
                        help=f"a preset's name, or a file with a PlacementPolicy; {more}")  # fmt: skip


def add_luck(parser: argparse.ArgumentParser) -> None:
    """What is left to chance, and delays."""
    parser.add_argument(
        "--failures", metavar="FILE|mtbf=24h,...", help="what breaks: a file, or mtbf=24h,repair=10m,attempts=1%%"
    )
    parser.add_argument("--noise", type=share, default=0.0, metavar="SHARE",
                        help="coefficient of variation of run times, such as 0.3 or 30%% (default: none)")  # fmt: skip
    parser.add_argument(
        "--delays", default="", metavar="binding=100ms,...",
        help="binding: until a node has the pod; starting: until it runs; noticing: until a crash shows",
    )  # fmt: skip
    parser.add_argument("--scrapes", default="", metavar="interval=15s,...",
                        help="interval: between measurements of load; delay: until one is known")  # fmt: skip
    parser.add_argument("--repeat", type=count, default=1, metavar="TIMES",
                        help="submit all graphs so many times, one round after the other (default: once)")  # fmt: skip
    parser.add_argument("--every", type=duration, default=0.0, metavar="DURATION",
                        help="submit the graphs so far apart, in the order of their files (default: all at once)")  # fmt: skip
    parser.add_argument("--until", type=long, default=float("inf"), metavar="DURATION", help="stop after so much virtual time")


def add_learning(parser: argparse.ArgumentParser, *, both: bool = False) -> None:
    """Whether run times and what nodes do are learned."""
    more = "; both: once with and once without" if both else ""
    parser.add_argument(
        "--learn", nargs="?", const="yes", choices=("no", "yes", *(["both"] if both else [])), default="no",
        help=f"learn run times from what has ended, and how often nodes fail{more} (default: no; alone: yes)",
    )  # fmt: skip


def workload(arguments: argparse.Namespace) -> Workload:
    """The graphs of the files. Raises `InputError`."""
    every = getattr(arguments, "every", 0.0)
    found = read_graphs(arguments.file, every)
    found.submissions = _repeated(found.submissions, getattr(arguments, "repeat", 1), every)
    return found


def _repeated(submissions: list[Submission], times: int, every: float) -> list[Submission]:
    """Each round begins where the one before would have gone on."""
    taken = {each.name for each in submissions}
    made = list(submissions)
    for number in range(1, times):
        for each in submissions:
            name = next(name for more in itertools.count(number + 1) if (name := f"{each.name}-{more}") not in taken)
            taken.add(name)
            made.append(replace(each, name=name, at=each.at + every * number * len(submissions)))
    return made


def run_times(arguments: argparse.Namespace) -> RunTimes:
    """Raises `SetupError`."""
    return RunTimes(arguments.speeds, noise=getattr(arguments, "noise", 0.0))


def there(arguments: argparse.Namespace) -> Current:
    """The nodes of the file, with their hidden load. Raises `InputError` and `SetupError`."""
    if arguments.nodes is None:
        raise InputError("--nodes is missing: name a file of nodes, such as kubectl get nodes -o yaml prints")
    found, scrapes = read_nodes(arguments.nodes), _scrapes(getattr(arguments, "scrapes", ""))
    return Current(found.nodes, load=HiddenLoad(found.load, scrapes) if found.load else None)


def setup(arguments: argparse.Namespace, there: Current, policies: dict[str, Policy], seed: int = 0) -> Setup:
    """Everything but the graphs. Raises `InputError` and `SetupError`."""
    known = {node.node_class for node in there.nodes}
    for node_class in arguments.speeds:
        if node_class not in known:
            raise InputError(f"--speeds: {unknown('node class', node_class, sorted(known - {''}))}")
    return Setup(
        nodes=there.nodes,
        policies=policies,
        occupied=there.occupied,
        load=there.load,
        run_times=run_times(arguments),
        failures=_failures(arguments.failures) if getattr(arguments, "failures", None) else Failures(),
        delays=_delays(getattr(arguments, "delays", "")),
        bandwidth=arguments.bandwidth,
        seed=seed,
        until=getattr(arguments, "until", float("inf")),
        learn=getattr(arguments, "learn", "no") == "yes",
    )


def policy_named(said: str) -> Named:
    """A preset, or the policy of a file. Raises `InputError`."""
    path = Path(said)
    if path.suffix in _SUFFIXES or path.is_file():
        found = [document for file in files(path) for document in documents(file)]
        if len(found) != 1 or found[0].value.get("kind") != "PlacementPolicy":
            raise InputError(f"{path}: there must be one PlacementPolicy in it, and nothing else")
        compiled = read_policy(found[0])
        return Named(compiled.name or path.stem, _of(compiled))
    try:
        return Named(said, Policy(compile_preset(said, plugin=installed())))
    except StrategyError as error:
        wrong = str(error).removeprefix("preset ")
        raise InputError(f"--policy {wrong} (a policy of your own: the file's name ends in .yaml)") from error


def placed_by(named: Named, submissions: Sequence[Submission]) -> tuple[list[Submission], dict[str, Policy]]:
    """All graphs with one policy, whatever they name."""
    return [replace(each, policy=named.name) for each in submissions], {named.name: named.policy}


def own_policies(work: Workload, others: dict[str, Compiled] | None = None) -> dict[str, Policy]:
    """Those that the graphs name: from the files, else from `others`. Raises `InputError`."""
    known = {**(others or {}), **work.policies}
    if others is None and DEFAULT not in known:
        known[DEFAULT] = compile_policy({"metadata": {"name": DEFAULT}, "spec": {}})
    found = {}
    for each in work.submissions:
        name = each.policy
        if name not in known:
            where = "in the cluster or the files" if others is not None else "in the files"
            raise InputError(f'graph {each.name}: spec.policyName is "{name}": there is no such PlacementPolicy {where}: '
                             "add its file with -f, or say with --policy what to take instead")  # fmt: skip
        found[name] = _of(known[name])
    return found


def _of(compiled: Compiled) -> Policy:
    return Policy(compiled.strategy, compiled.spec.node_loss_grace, compiled.adaptive)


def _failures(said: str) -> Failures:
    if "=" not in said or Path(said).exists():
        return read_failures(Path(said))
    plain, values = Failures(), pairs("--failures", said, {"mtbf": duration, "repair": duration, "attempts": share})
    return Failures(
        mtbf=values.get("mtbf", plain.mtbf),
        repair=values.get("repair", plain.repair),
        attempt=values.get("attempts", plain.attempt),
    )


def _delays(said: str) -> Delays:
    return Delays(**pairs("--delays", said, dict.fromkeys(("binding", "starting", "noticing"), duration)))


def _scrapes(said: str) -> Scrapes:
    plain, values = Scrapes(), pairs("--scrapes", said, {"interval": duration, "delay": duration})
    return Scrapes(interval=values.get("interval", plain.interval), delay=values.get("delay", plain.delay))
