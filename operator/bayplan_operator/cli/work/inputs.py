"""What the options of the commands that simulate come to."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bayplan.admission.tree import tree_of
from bayplan.model.spelling import unknown
from bayplan.simulation import Delays, Failures, HiddenLoad, Policy, Scrapes, Setup, Submission, TrueRunTimes
from bayplan.strategy.compile import StrategyError
from bayplan.strategy.plugins import installed
from bayplan.strategy.presets import compile_preset
from bayplan_operator.cli.options.simulation import LuckOptions, NodeOptions, TraceOptions
from bayplan_operator.cli.options.values import duration, share
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.work.pairs import pairs
from bayplan_operator.translate.policy import CompiledPolicy, compile_policy
from bayplan_operator.views.cluster import ClusterView
from bayplan_operator.views.model.simulation import Origin
from bayplan_operator.workflows import InputError, Workload, read_graphs, read_nodes
from bayplan_operator.workflows.documents import documents, files
from bayplan_operator.workflows.failures import read_failures
from bayplan_operator.workflows.graphs import read_policy
from bayplan_operator.workflows.traces import JobQueues, add_jobs

DEFAULT = "default"
_SUFFIXES = (".yaml", ".yml", ".json")
_STANDARD_INPUT = "standard input"


@dataclass(frozen=True, slots=True)
class Named:
    """A policy, by the name on the command line or in its file."""

    name: str
    policy: Policy


def workload(paths: Sequence[Path], every: float = 0.0, repeat: int = 1, *, other_queues: bool = False) -> Workload:
    """The graphs of the files. `other_queues`: there are more queues than theirs. Raises `InputError`."""
    found = read_graphs(paths, every, other_queues=other_queues)
    output.warn(found.passed_over)
    found.submissions = _repeated(found.submissions, repeat, every)
    return found


def with_jobs(work: Workload, options: TraceOptions, there: ClusterView) -> None:
    """The jobs of traces join the graphs."""
    output.warn(work.notes)
    add_jobs(work, JobQueues(options.queue_by, options.queue_map or {}), there.nodes)


def without_jobs(work: Workload) -> None:
    """Raises `InputError` where a file is a trace."""
    if work.traces:
        raise InputError(f"{work.traces[0].path}: this is a trace of jobs: bayplan simulate and bayplan compare read it")


def tell_left_out(work: Workload, strict: bool, *, learns: bool = False) -> None:
    """Names what the files say and a simulation does not do. Raises `InputError` where that is not allowed.

    `learns`: it learns run times.
    """
    left_out = [*work.left_out, *(() if learns else work.only_by_learning)]
    output.warn(left_out)
    if strict and left_out:
        raise InputError("--strict: what is named above is not simulated: take it out of the files, or leave --strict out")


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


def there(options: NodeOptions) -> ClusterView:
    """The nodes of the file, with their hidden load. Raises `InputError` and `SetupError`."""
    if options.nodes is None:
        raise InputError("--nodes is missing: name a file of nodes, such as kubectl get nodes -o yaml prints")
    found, scrapes = read_nodes(options.nodes), _scrapes(_luck(options).scrapes)
    output.warn(found.left_out)
    return ClusterView(found.nodes, load=HiddenLoad(found.load, scrapes) if found.load else None)


def with_queues(setup: Setup, work: Workload, half_life: float | None = None) -> Setup:
    """The same with the queues of the files, if there are any. `half_life`: that by which the shares of those without a parent
    are compared, in seconds; `None`: they are not."""
    return replace(setup, queues=tree_of(work.queues.values(), half_life)) if work.queues else setup


def setup(options: NodeOptions, there: ClusterView, policies: dict[str, Policy], seed: int = 0, learn: bool = False) -> Setup:
    """Everything but the graphs. Raises `InputError` and `SetupError`."""
    known = {node.node_class for node in there.nodes}
    classes = options.speeds or {}
    for node_class in classes:
        if node_class not in known:
            raise InputError(f"--speeds: {unknown('node class', node_class, sorted(known - {''}))}")
    luck = _luck(options)
    return Setup(
        nodes=there.nodes,
        policies=policies,
        occupied=there.occupied,
        load=there.load,
        run_times=TrueRunTimes(classes, noise=luck.noise),
        failures=_failures(luck.failures) if luck.failures else Failures(),
        delays=_delays(luck.delays),
        bandwidth=options.bandwidth,
        seed=seed,
        until=luck.until,
        learn=learn,
    )


def origin(options: NodeOptions, graphs: Sequence[Path]) -> Origin:
    """The command line, what was read for it, and by which version. `graphs`: as they were named."""
    files = [*graphs, *([options.nodes] if options.nodes is not None else [])]
    others = [*(getattr(options, "policy", None) or ()), _luck(options).failures or ""]
    read = [_STANDARD_INPUT if str(each) == "-" else str(each) for each in files]
    read += [each for each in others if each and (Path(each).suffix in _SUFFIXES or Path(each).is_file())]
    if options.nodes is None:
        read.append("the nodes, pods, policies, queues, graphs and task profiles of a cluster")
    return Origin(shlex.join(options.called.find_root().obj), tuple(read), version("bayplan"))


def _luck(options: NodeOptions) -> LuckOptions:
    """The luck that the command was given. A plan has none."""
    return options if isinstance(options, LuckOptions) else LuckOptions()


def one_policy(policies: Sequence[str]) -> Named:
    """Of a command that goes by one. Raises `InputError`."""
    if len(policies) > 1:
        raise InputError("--policy is given more than once: to look at several policies, take bayplan compare")
    return policy_named(policies[0])


def policy_named(said: str) -> Named:
    """A preset, or the policy of a file. Raises `InputError`."""
    path = Path(said)
    if _is_file(path):
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


def written_policy(said: str) -> Mapping[str, Any]:
    """The same as an object: that of the file, or one of the preset. `policy_named` says what is wrong with it."""
    path = Path(said)
    if not _is_file(path):
        return {"metadata": {"name": said}, "spec": {"preset": said}}
    return next(document.value for file in files(path) for document in documents(file))


def _is_file(path: Path) -> bool:
    return path.suffix in _SUFFIXES or path.is_file()


def placed_by(named: Named, submissions: Sequence[Submission]) -> tuple[list[Submission], dict[str, Policy]]:
    """All graphs with one policy, whatever they name."""
    return [replace(each, policy=named.name) for each in submissions], {named.name: named.policy}


def own_policies(work: Workload, others: dict[str, CompiledPolicy] | None = None) -> dict[str, Policy]:
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


def _of(compiled: CompiledPolicy) -> Policy:
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
