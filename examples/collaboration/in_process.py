"""Run a manifest of these examples in this process: the driver plays the operator's part, without a cluster and without pods.

    python -m examples.collaboration.in_process examples/collaboration/federated.yaml [--rounds 8] [--workspace DIR]
        [--env SEED=3] [--lose local:4@2] [--candidate camera=large]

It sets the variables that a container gets, and calls the programs, the operator's own fusion and its rules of rounds. So every
file and every result is the same to the last bit as those of containers with the same numpy. It knows what these
manifests need: shards, rounds, fusions, conditions, gangs, candidates (the first, unless one is named), results handed on.
"""

import argparse
import json
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from bayplan.collaboration.rounds import (
    EffectAction,
    JointRule,
    JointTerm,
    Patience,
    RoundAction,
    RoundRule,
    RoundState,
    effect,
    verdict,
)
from bayplan.lifecycle.conditions import parse, parse_measure
from bayplan_operator.fusing.task import fuse_task
from bayplan_task import Unit
from examples.collaboration.manifests import Graph, GraphTask, filled, read

Results = dict[str, Any]


@dataclass
class Ran:
    """Of one task in one round: the attempt and the results of each shard; attempt 0: it was lost."""

    round: int
    attempts: list[int]
    results: list[Results]


@dataclass
class InProcess:
    """A graph that runs in this process."""

    graph: Graph
    workspace: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """On top of the manifest's."""
    most_rounds: int | None = None
    lost: frozenset[tuple[str, int, int]] = frozenset()
    """Task, shard and round of those that fail for good."""
    candidates: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = print
    ran: dict[str, Ran] = field(default_factory=dict)
    """By task; of repeated tasks, the last round."""
    before: dict[str, Ran] = field(default_factory=dict)
    history: list[dict[str, Ran]] = field(default_factory=list)
    joint_weights: dict[str, float] = field(default_factory=dict)
    """What each subtask counts in the joint loss of the next round."""

    def run(self) -> dict[str, Ran]:
        """All tasks; answers what each left."""
        for task in self.graph.in_order():
            if task is None:
                self._rounds()
            else:
                self._task(task, 0)
        return self.ran

    def _rounds(self) -> None:
        """Round after round, until the rule of rounds or the joint loss says that it is enough."""
        rounds = self.graph.rounds
        until = parse(rounds["until"]) if "until" in rounds else None
        patience = Patience.by_condition(rounds["patience"], until) if "patience" in rounds else None
        rule = RoundRule(min(rounds["max"], self.most_rounds or rounds["max"]), until, patience)
        joint = _joint(rounds["joint"]) if "joint" in rounds else None
        self.joint_weights = {each.name: each.weight for each in joint.terms} if joint else {}
        state, action = RoundState(), RoundAction.CONTINUE
        while action is RoundAction.CONTINUE:
            for task in self.graph.repeated:
                self._task(task, state.ended + 1)
            self.before = {task.name: self.ran[task.name] for task in self.graph.repeated if task.name in self.ran}
            self.history.append(self.before)
            state, found = verdict(rule, state, self._values)
            action, why = found.action, found.why
            if joint is not None:
                follows = effect(joint, self._values, state.ended - 1, list(self.joint_weights.values()))
                why = f"{why}; {follows.why}"
                if follows.action is EffectAction.REWEIGH:
                    self.joint_weights = dict(zip(self.joint_weights, follows.weights, strict=True))
                elif follows.action is not EffectAction.ROUND:
                    action = RoundAction.DONE
            self.tell(why)

    def _task(self, task: GraphTask, round_: int) -> None:
        if "when" in task.spec and parse(task.spec["when"]).evaluate(self._values) is not True:
            self.tell(f"{task.name}: skipped, since not {task.spec['when']}")
            return
        lost = [(task.name, shard, round_) in self.lost for shard in range(task.shards)]
        environments = [self._environment(task, round_, shard) for shard in range(task.shards)]
        kept = [each for each, gone in zip(environments, lost, strict=True) if not gone]
        found = iter(self._gang(task, kept) if task.is_gang else [self._unit(task, each) for each in kept])
        self.ran[task.name] = Ran(round_, [int(not gone) for gone in lost], [{} if gone else next(found) for gone in lost])
        said = [", ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in each.items())
                for each in self.ran[task.name].results]  # fmt: skip
        where = f" in round {round_}" if round_ else ""
        for shard, text in enumerate(said):
            self.tell(f"{task.name}{f' {shard}' if task.shards > 1 else ''}{where}: {'lost' if lost[shard] else text}")

    def _unit(self, task: GraphTask, environment: dict[str, str]) -> Results:
        if "BAYPLAN_FUSE" in environment:
            return fuse_task(environment)
        log = Path(environment["BAYPLAN_TERMINATION_LOG"])
        import_module(task.program(self.candidates.get(task.name))).main(Unit(environment))
        found: Results = json.loads(log.read_text(encoding="utf-8"))
        return found

    def _gang(self, task: GraphTask, environments: Sequence[dict[str, str]]) -> list[Results]:
        """All members at once, each in a thread of its own, over real sockets."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        rendezvous = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(len(environments))}
        with ThreadPoolExecutor(len(environments)) as members:
            return list(
                members.map(
                    lambda each: self._unit(task, each[1] | rendezvous | {"RANK": str(each[0])}), enumerate(environments)
                )
            )

    def _environment(self, task: GraphTask, round_: int, shard: int) -> dict[str, str]:
        """What the operator sets, on top of the manifest's own variables."""
        first = {name: ran.results[0] for name, ran in self.ran.items()}
        candidate = self.candidates.get(task.name) or next((each["name"] for each in task.spec.get("candidates", ())), None)
        own = {name: filled(value, first) for name, value in task.container(candidate)["env"].items()} | dict(self.variables)
        folder = self.workspace / task.name / str(round_)
        inputs = {name: self.ran[name] for name in task.needs if name in self.ran}
        found = own | {
            "BAYPLAN_TASK": task.name,
            "BAYPLAN_SHARDS": str(task.shards),
            "JOB_COMPLETION_INDEX": str(shard),
            "BAYPLAN_INCARNATION": "1",
            "BAYPLAN_ROUND": str(round_),
            "BAYPLAN_WORKSPACE": str(self.workspace),
            "BAYPLAN_OUTPUT": str(folder / str(shard) / "1"),
            "BAYPLAN_CHECKPOINTS": str(folder / "checkpoints" if task.is_gang else folder / str(shard) / "checkpoints"),
            "BAYPLAN_INPUTS": _recorded(inputs),
            "BAYPLAN_TERMINATION_LOG": str(self.workspace / f"{task.name}-{round_}-{shard}.log"),
        }
        if round_ and self.joint_weights:
            found["BAYPLAN_WEIGHTS"] = json.dumps(self.joint_weights)
        if round_ > 1:
            found["BAYPLAN_PREVIOUS"] = _recorded(self.before)
        fusion = task.fusion()
        if fusion is not None:
            by = task.spec["fuse"].get("weightBy")
            weights = {name: [each.get(by, 0) for each in ran.results] for name, ran in inputs.items()}
            found["BAYPLAN_FUSE"] = json.dumps(fusion | ({"weights": weights} if by else {}))
        return found

    def _values(self, task: str, key: str) -> list[Any]:
        """What a condition sees: of each shard that was not lost."""
        ran = self.ran.get(task)
        return [] if ran is None else [each.get(key) for each, done in zip(ran.results, ran.attempts, strict=True) if done]


def _joint(settings: Mapping[str, Any]) -> JointRule:
    terms = (JointTerm(each["name"], parse_measure(each["loss"]), float(each.get("weight", 1))) for each in settings["terms"])
    otherwise = EffectAction(settings.get("otherwise", "Round"))
    return JointRule(tuple(terms), float(settings["bound"]), otherwise, settings.get("limit", 3))


def _recorded(ran: Mapping[str, Ran]) -> str:
    return json.dumps({name: {"round": each.round, "attempts": each.attempts} for name, each in ran.items()})


def main() -> int:
    """Run one manifest; answers the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--rounds", type=int, metavar="N", help="at most so many, whatever the manifest says")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="keep the files here (default: a folder that goes away)")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="a variable for all programs")
    parser.add_argument("--lose", action="append", default=[], metavar="TASK:SHARD@ROUND", help="a shard that fails for good")
    parser.add_argument("--candidate", action="append", default=[], metavar="TASK=NAME", help="the one that is chosen")
    arguments = parser.parse_args()
    lost = frozenset((task, int(shard), int(round_)) for each in arguments.lose for task, _, place in [each.partition(":")]
                     for shard, _, round_ in [place.partition("@")])  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        InProcess(
            read(arguments.manifest),
            arguments.workspace or Path(temporary),
            dict(each.split("=", 1) for each in arguments.env),
            arguments.rounds,
            lost,
            dict(each.split("=", 1) for each in arguments.candidate),
        ).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
