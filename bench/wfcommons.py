"""Workflow runs in WfCommons' format as graphs on nodes of several speeds."""

import json
from pathlib import Path

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan_operator.workflows.documents import InputError, documents
from bayplan_operator.workflows.wfcommons import read_workflow
from bench.reading import DataError, text_of

ACCELERATORS = ("v100", "p100", "k80")
JOB = "('ResNet-50 (batch size 64)', 1)"


def read_speeds(path: Path) -> FloatArray:
    """The throughputs of V100, P100 and K80 for one worker of ResNet-50 (batch size 64) in Gavel's table. Raises `DataError`.

    Accelerator, job, "null" (nothing beside it), a number of steps per second.
    """
    try:
        table = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}") from error
    speeds = []
    for accelerator in ACCELERATORS:
        value = table
        for key in (accelerator, JOB, "null"):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise DataError(f'{path}: {accelerator}["{JOB}"]["null"] is {json.dumps(value)}: it must be a number above 0')
        speeds.append(float(value))
    return np.array(speeds)


def read_instance(path: Path, speeds: FloatArray, bandwidth: float) -> GraphProblem:
    """The workflow on one processor per speed; run times as recorded on the fastest. Raises `DataError`.

    `speeds`: shape (processors,), in any unit. `bandwidth`: bytes per second between two processors.
    """
    try:
        workflow = read_workflow(next(documents(path)))
        durations = workflow.seconds[:, None] * (speeds.max() / speeds)
        return GraphProblem(durations, workflow.parents, workflow.children, workflow.bytes, bandwidth, names=workflow.names)
    except ValueError as error:
        raise DataError(str(error) if isinstance(error, InputError) else f"{path}: {error}") from error
