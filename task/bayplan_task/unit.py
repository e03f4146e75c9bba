"""The unit of a TaskGraph that a program is: one attempt of one shard of one task, in one round."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from numpy.typing import ArrayLike

from . import files, inputs, results
from .checkpoints import Checkpoints
from .errors import TaskError
from .inputs import Recorded


class Unit:
    """Made from the environment variables that Bayplan sets; what is missing has a value for a run by hand.

    Raises `TaskError` where a variable is not what it should be.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = os.environ if environment is None else environment
        self.task = self.environment.get("BAYPLAN_TASK", "task")
        self.shards = self._number("BAYPLAN_SHARDS", 1, 1)
        self.shard = self._number("JOB_COMPLETION_INDEX", 0, 0)
        self.round = self._number("BAYPLAN_ROUND", 0, 0)
        """From 1; 0: the task is in no round."""
        self.attempt = self._number("BAYPLAN_INCARNATION", 1, 1)
        self.rank = self._number("RANK", self.shard, 0)
        self.world_size = self._number("WORLD_SIZE", self.shards, 1)
        self.stage = self.environment.get("BAYPLAN_STAGE")
        """The stage that this member of a gang is; None: the task has no stages."""
        self.workspace = Path(self.environment.get("BAYPLAN_WORKSPACE", "."))
        own = self.workspace / self.task / str(self.round) / str(self.shard)
        self.output = Path(self.environment.get("BAYPLAN_OUTPUT", own / str(self.attempt)))
        """The folder of this attempt; it is made when the first file is written."""
        self.weights = inputs.weights("BAYPLAN_WEIGHTS", self.environment.get("BAYPLAN_WEIGHTS", "{}"))
        """What each subtask counts in the joint loss of this round; empty where there is none."""
        self._checkpoints = Path(self.environment.get("BAYPLAN_CHECKPOINTS", own / "checkpoints"))
        self._inputs = self._recorded("BAYPLAN_INPUTS")
        self._previous = self._recorded("BAYPLAN_PREVIOUS")

    def inputs(self, task: str) -> list[Path | None]:
        """The folders that the shards of a task in `dependsOn` left; None: this shard left nothing. Raises `TaskError`."""
        recorded = inputs.found(self.workspace, task, self.round) if self._inputs is None else self._inputs.get(task)
        if recorded is None:
            known = "the workspace has no folder of it" if self._inputs is None else f"its inputs are {_listed(self._inputs)}"
            raise TaskError(f'{self.task}: "{task}" is no input of this task: {known}')
        return inputs.folders(self.workspace, task, recorded)

    def input(self, task: str) -> Path:
        """The only folder that a task left. Raises `TaskError` where there are several, or none."""
        there = [folder for folder in self.inputs(task) if folder is not None]
        if len(there) != 1:
            raise TaskError(f'{self.task}: "{task}" left {len(there)} folders where this program reads one')
        return there[0]

    def previous(self, task: str) -> list[Path | None] | None:
        """The folders that a task left in the round before; None in the first round and outside rounds. Raises `TaskError`."""
        if self.round < 2:
            return None
        recorded = inputs.found(self.workspace, task, self.round - 1) if self._previous is None else self._previous.get(task)
        if recorded is None:
            known = "the workspace has no folder of it" if self._previous is None else f"they have {_listed(self._previous)}"
            raise TaskError(f'{self.task}: "{task}" left nothing in the round before: {known}')
        return inputs.folders(self.workspace, task, recorded)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the output folder, for bytes: it takes its name at the end of the block, whole. Raises `TaskError`."""
        with files.writing(self._kept(name)) as file:
            yield file

    def save(self, name: str, arrays: Mapping[str, ArrayLike] | ArrayLike) -> Path:
        """Named arrays as `.npz`, or one as `.npy`, in the output folder; answers the path. Raises `TaskError`."""
        path = self._kept(name)
        files.save(path, arrays)
        return path

    def results(self, **values: object) -> None:
        """Hand the operator numbers, texts and booleans; a later call replaces what an earlier one said. Raises `TaskError`.

        Outside a cluster they go to `results.json` in the output folder.
        """
        message = results.encoded(values)
        named = self.environment.get("BAYPLAN_TERMINATION_LOG")
        path = Path(named) if named else results.TERMINATION_LOG
        if not named and not path.exists():
            self.output.mkdir(parents=True, exist_ok=True)
            path = self.output / "results.json"
        results.write(path, message)

    def metrics(self, step: int, **values: float) -> None:
        """Append a line to `metrics.jsonl` in the output folder, and print it; values that are not finite become null."""
        line = json.dumps({"step": step} | {key: _finite(float(value)) for key, value in values.items()})
        self.output.mkdir(parents=True, exist_ok=True)
        with (self.output / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def checkpoints(self, keep: int = 3) -> Checkpoints:
        """Those of this unit, shared by its attempts; in a gang, those of the gang."""
        return Checkpoints(self._checkpoints, keep)

    def _kept(self, name: str) -> Path:
        """In a pod, only a volume outlives the container. Raises `TaskError` where there is none."""
        told = self.environment.keys() & {"BAYPLAN_WORKSPACE", "BAYPLAN_OUTPUT"}
        if not told and "BAYPLAN_INCARNATION" in self.environment and results.TERMINATION_LOG.exists():
            raise TaskError(f'{self.task}: {name} would be lost with the container: mount a volume named "workspace" into it')
        return self.output / name

    def _number(self, variable: str, default: int, least: int) -> int:
        text = self.environment.get(variable, str(default))
        if not (text.isascii() and text.isdecimal() and int(text) >= least):
            raise TaskError(f'{variable} is "{text}": it must be a whole number from {least}')
        return int(text)

    def _recorded(self, variable: str) -> dict[str, Recorded] | None:
        text = self.environment.get(variable)
        return None if text is None else inputs.parsed(variable, text)


def _listed(tasks: Mapping[str, Recorded]) -> str:
    return ", ".join(tasks) or "none"


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None
