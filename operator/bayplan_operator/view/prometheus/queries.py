"""What Prometheus is asked: a few queries for the whole cluster, never one per node."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bayplan_operator.api.duration import parse_duration

NODE_LABELS = ("node", "kubernetes_node", "kubernetes_io_hostname", "nodename", "Hostname", "hostname", "instance")
"""Labels that may name a node, by any of its names or addresses; the first that does counts."""
WINDOW = 120.0
"""Seconds over which rates and means are taken: at least four scrapes, or one that was missed leaves a gap."""

_RECEIVED = 'rate(node_network_receive_bytes_total{device!~"$virtual"}[$window])'
_SENT = 'rate(node_network_transmit_bytes_total{device!~"$virtual"}[$window])'
_VIRTUAL = "lo|veth.*|cali.*|lxc.*|cilium.*|flannel.*|cni.*|docker.*|br-.*|virbr.*|tun.*|kube-ipvs.*|nodelocaldns"
_GPU_MEMORY = "sum by ($labels) (avg_over_time(DCGM_FI_DEV_FB_{}[$window]))"
# Of XID errors these are the application's own; all others are the GPU's. NVIDIA's device plugin draws the line there too.
_XID = "last_over_time(DCGM_FI_DEV_XID_ERRORS[$window])"
_OF_APPLICATIONS = (13, 31, 43, 45, 68, 109)

DEFAULTS: Mapping[str, str] = {
    # By the time that has been counted, not by the clock: a node that came a moment ago must not look busy.
    "cpu": '1 - sum by ($labels) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[$window]))'
    " / sum by ($labels) (rate(node_cpu_seconds_total[$window]))",
    "memory": "1 - avg by ($labels) (avg_over_time(node_memory_MemAvailable_bytes[$window])"
    " / avg_over_time(node_memory_MemTotal_bytes[$window]))",
    # The share of time in which the busiest disk had something to do; partitions and loops are no disks.
    "disk": 'max by ($labels) (rate(node_disk_io_time_seconds_total{device!~"loop.*|ram.*|zram.*|sr.*|dm-.*|md.*"}[$window]))',
    # Of the busiest interface whose speed is known, the busier direction.
    "network": f"max by ($labels) ((({_RECEIVED} > {_SENT}) or {_SENT}) / (node_network_speed_bytes > 0))",
    # The first also counts on GPUs that are cut up (MIG), where the second is missing, or means nothing.
    "nvidia.com/gpu": "avg by ($labels) (avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE[$window])"
    " or on ($labels, gpu) avg_over_time(DCGM_FI_DEV_GPU_UTIL[$window]) / 100)",
    "nvidia.com/gpu.memory": f"{_GPU_MEMORY.format('USED')} / ({_GPU_MEMORY.format('USED')} + {_GPU_MEMORY.format('FREE')})",
    "nvidia.com/gpu.errors": f"sgn(max by ($labels) ({_XID} != 0{''.join(f' != {code}' for code in _OF_APPLICATIONS)}))"
    f" or 0 * max by ($labels) ({_XID})",
}
"""For node-exporter and DCGM-exporter: per resource, the share of the node's capacity that is in use, 0 to 1; of errors, 1
while a GPU of the node has one."""

_JOIN = "group by ($labels) (node_uname_info)"
_LARGEST = 1 << 20


class QueriesError(ValueError):
    """The file of queries cannot be used; the message is one sentence that names file and field."""


@dataclass(frozen=True, slots=True)
class Queries:
    """What is asked in each poll."""

    expressions: Mapping[str, str]
    """Per resource, with ``$labels``, ``$window`` and ``$virtual`` still in it."""
    own: frozenset[str] = frozenset()
    """Resources whose query is the user's: no answer to it is worth a word."""
    labels: tuple[str, ...] = NODE_LABELS
    window: float = WINDOW

    def filled(self) -> dict[str, str]:
        """The queries as Prometheus gets them."""
        return {resource: self._filled(expression) for resource, expression in self.expressions.items()}

    def join(self) -> str:
        """What tells which node an ``instance`` is, where its own name says nothing."""
        return self._filled(_JOIN)

    def _filled(self, expression: str) -> str:
        fields = {"labels": ", ".join(self.labels), "window": f"{max(1, round(self.window))}s", "virtual": _VIRTUAL}
        for name, text in fields.items():
            expression = expression.replace(f"${name}", text)
        return expression


def built_in() -> Queries:
    """For node-exporter and DCGM-exporter."""
    return Queries(DEFAULTS)


def read(path: Path) -> Queries:
    """The built-in queries with what the file says instead. Raises ``QueriesError``."""
    try:
        if path.stat().st_size > _LARGEST:
            raise QueriesError(f"{path} is larger than {_LARGEST >> 20} MiB: it cannot be a file of queries")
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise QueriesError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise QueriesError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    try:
        return _parsed(given or {})
    except QueriesError as error:
        raise QueriesError(f"{path}: {error}") from None


def _parsed(given: Any) -> Queries:
    if not isinstance(given, dict):
        raise QueriesError("it must hold the fields queries, nodeLabels and window")
    unknown = sorted(map(str, given.keys() - {"queries", "nodeLabels", "window"}))
    if unknown:
        raise QueriesError(f"{unknown[0]} is unknown: the fields are queries, nodeLabels and window")
    queries = Queries(*_expressions(given.get("queries") or {}))
    if "nodeLabels" in given:
        queries = replace(queries, labels=_labels(given["nodeLabels"]))
    if "window" in given:
        queries = replace(queries, window=_window(given["window"]))
    return queries


def _expressions(given: Any) -> tuple[dict[str, str], frozenset[str]]:
    if not isinstance(given, dict):
        raise QueriesError("queries must give a query per resource, such as {cpu: ...}")
    expressions, own = dict(DEFAULTS), set()
    for resource, expression in given.items():
        if not isinstance(resource, str) or not (expression is None or isinstance(expression, str)):
            raise QueriesError(f"queries.{resource} must be a query as text, or empty where none shall be asked")
        if expression is None or not expression.strip():
            expressions.pop(resource, None)
            continue
        expressions[resource] = " ".join(expression.split())
        own.add(resource)
    if not expressions:
        raise QueriesError("queries leaves none to ask")
    return expressions, frozenset(own)


def _labels(given: Any) -> tuple[str, ...]:
    texts = given if isinstance(given, list) else []
    labels = tuple(text for text in texts if isinstance(text, str) and text.isascii() and text.isidentifier())
    if not labels or len(labels) < len(texts):
        raise QueriesError(f"nodeLabels is {given!r}: it must be a list of names of labels, such as [node, instance]")
    return labels


def _window(given: Any) -> float:
    try:
        window = parse_duration(given)
    except (ValueError, TypeError, AttributeError):
        window = 0.0
    if window < 1:
        raise QueriesError(f'window is {given!r}: it must be a duration of a second or more, such as "2m"')
    return window
