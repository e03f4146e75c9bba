"""What a pod is given of the tasks before it: in its environment, in place of references, and by where it may run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bayplan_operator.translate.flow import gangs
from bayplan_operator.translate.flow.gangs import Member
from bayplan_operator.translate.flow.references import OutputRef, put_in
from bayplan_operator.translate.flow.workspace import folder, mounted


@dataclass(frozen=True, slots=True)
class Handed:
    """What a task before has left in the workspace."""

    round: int
    """0: it does not repeat."""
    attempts: Sequence[int]
    """Per shard, the attempt whose success counts; 0: none has succeeded."""
    rounds: Sequence[int] = ()
    """Per shard, the round in which its work began; none: all in `round`."""


@dataclass(frozen=True, slots=True)
class Given:
    """Of one attempt."""

    selector: Mapping[str, str] = field(default_factory=dict)
    """Labels that its node must have, beside what its template says."""
    values: Mapping[OutputRef, str] = field(default_factory=dict)
    """What stands in the place of references. A task that did not succeed gives empty text."""
    round: int = 0
    inputs: Mapping[str, Handed] = field(default_factory=dict)
    """By task before it."""
    previous: Mapping[str, Handed] | None = None
    """By repeated task, of the round before; ``None``: there was none."""
    fuse: Mapping[str, Any] | None = None
    """How it fuses what it is given."""
    work: tuple[str, int] | None = None
    """Of a backup, the task that it does again, and the number of its attempt there."""
    joint: Mapping[str, float] = field(default_factory=dict)
    """What each subtask counts in the joint loss; empty: there is none."""
    member: Member | None = None
    """What it is in its gang; ``None``: it is in none."""

    def put_in(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The pod spec with values in the place of references."""
        if not self.values:
            return spec
        return put_in(spec, lambda reference: self.values.get(reference, ""))


NOTHING = Given()


def environment(container: Mapping[str, Any], graph_uid: str, unit: tuple[str, int, int], given: Given) -> dict[str, str]:
    """Variables of a container. ``unit``: task, shard and attempt."""
    told = {} if given.member is None else gangs.environment(given.member, graph_uid)
    if given.work is not None:
        told["BAYPLAN_TASK"] = given.work[0]
    if given.round:
        told["BAYPLAN_ROUND"] = str(given.round)
    if given.joint:
        told["BAYPLAN_WEIGHTS"] = _json(given.joint)
    if given.fuse is not None:
        told["BAYPLAN_FUSE"] = _json(given.fuse)
    mount = mounted(container)
    if mount:
        task, shard, attempt = unit if given.work is None else (given.work[0], unit[1], given.work[1])
        told["BAYPLAN_WORKSPACE"] = folder(mount, graph_uid)
        told["BAYPLAN_OUTPUT"] = folder(mount, graph_uid, task, given.round, shard, attempt)
        told["BAYPLAN_CHECKPOINTS"] = _checkpoints(mount, graph_uid, unit, given)
        told["BAYPLAN_INPUTS"] = _json(_handed(given.inputs))
        if given.previous is not None:
            told["BAYPLAN_PREVIOUS"] = _json(_handed(given.previous))
    return told


def _checkpoints(mount: str, graph_uid: str, unit: tuple[str, int, int], given: Given) -> str:
    """A gang has one folder, which all its members read."""
    task, shard, _ = unit
    if given.work is not None:
        task = given.work[0]
    if given.member is not None:
        return folder(mount, graph_uid, given.member.gang, given.round, "checkpoints")
    return folder(mount, graph_uid, task, given.round, shard, "checkpoints")


def _handed(tasks: Mapping[str, Handed]) -> dict[str, Any]:
    return {
        task: {"round": each.round, "attempts": list(each.attempts), **({"rounds": list(each.rounds)} if each.rounds else {})}
        for task, each in tasks.items()
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
