"""The files of Alibaba's openb GPU trace (clusterdata, cluster-trace-gpu-v2023) as nodes and pods of the library."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bayplan.model.gpu import WHOLE, GpuAsk, Gpus
from bayplan.model.workload import NodeInfo, RequestClass

MILLI = "bayplan.dev/gpu-milli"
_NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
_POD_COLUMNS = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")  # and gpu_spec, if any pod names models


class TraceError(ValueError):
    """A file is missing, or something in it is wrong; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class TracePod:
    """A pod of the trace."""

    name: str
    request_class: RequestClass

    @property
    def gpu(self) -> int:
        """Thousandths of GPUs that it asks for."""
        return 0 if self.request_class.gpus is None else self.request_class.gpus.total


def read_nodes(path: Path) -> list[NodeInfo]:
    """The nodes, in the order of the file. Raises `TraceError`."""
    return [_node(row, where) for row, where in _rows(path, _NODE_COLUMNS)]


def read_pods(path: Path) -> list[TracePod]:
    """The pods, in the order of the file. Raises `TraceError`."""
    return [TracePod(row["name"], _request_class(row, where)) for row, where in _rows(path, _POD_COLUMNS)]


def node(name: str, cpu: int, memory: int, gpus: int, model: str) -> NodeInfo:
    """A node with millicores, MiB, and GPUs that are shared out in thousandths."""
    resources = {"cpu": cpu, "memory": memory << 20, MILLI: WHOLE * gpus}
    return NodeInfo(name, resources, gpus=Gpus(gpus, model) if gpus else None)


def request_class(cpu: int, memory: int, gpus: int, milli: int, models: tuple[str, ...] = ()) -> RequestClass:
    """A pod with millicores, MiB, and so many GPUs with so many thousandths of each. Raises `ValueError`."""
    resources = {"cpu": cpu, "memory": memory << 20}
    if not gpus:
        return RequestClass(tuple(sorted(resources.items())))
    ask = GpuAsk(gpus, milli, models)
    return RequestClass(tuple(sorted((resources | {MILLI: ask.total}).items())), gpus=ask)


def _node(row: Mapping[str, str], where: str) -> NodeInfo:
    cpu, memory, gpus = (_number(row, column, where) for column in ("cpu_milli", "memory_mib", "gpu"))
    return node(row["sn"], cpu, memory, gpus, row["model"])


def _request_class(row: Mapping[str, str], where: str) -> RequestClass:
    cpu, memory, count = (_number(row, column, where) for column in ("cpu_milli", "memory_mib", "num_gpu"))
    milli = _number(row, "gpu_milli", where) if count else 0
    models = tuple(model for model in row.get("gpu_spec", "").split("|") if model)
    try:
        return request_class(cpu, memory, count, milli, models)
    except ValueError as error:
        raise TraceError(f"{where}: {error}") from error


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[dict[str, str], str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [each for each in columns if each not in (reader.fieldnames or ())]
            if missing:
                raise TraceError(f"{path}: column {missing[0]} is missing: the first line must name {', '.join(columns)}")
            rows = [({key: value or "" for key, value in row.items()}, f"{path}, line {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    if not rows:
        raise TraceError(f"{path} has no rows below its first line")
    return rows


def _number(row: Mapping[str, str], column: str, where: str) -> int:
    text = row[column]
    if not text.isdecimal():
        raise TraceError(f'{where}: {column} is "{text}": it must be a whole number, 0 or above')
    return int(text)
