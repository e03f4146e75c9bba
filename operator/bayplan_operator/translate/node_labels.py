"""What the labels of a node say about its GPUs, its speed and its price."""

import re
from collections.abc import Iterator, Mapping

from bayplan_operator import names

_MODEL = (names.LABEL_GPU_MODEL, "nvidia.com/gpu.product", "amd.com/gpu.product-name")
"""The owner's own label first; the others come from the vendors' feature discovery."""
_MEMORY = "nvidia.com/gpu.memory"
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_MEBIBYTE = 2**20
_WHOLE_NUMBER = re.compile("[0-9]{1,10}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)

NodeLabels = Mapping[str, str]


def gpu_model(labels: NodeLabels) -> str:
    """The model of the node's GPUs; empty: unknown."""
    return next((labels[label] for label in _MODEL if labels.get(label)), "")


def gpu_memory(labels: NodeLabels) -> int:
    """Bytes of each of the node's GPUs; 0: unknown."""
    text = labels.get(_MEMORY, "")
    return int(text) * _MEBIBYTE if _WHOLE_NUMBER.fullmatch(text) else 0


def node_class(labels: NodeLabels) -> str:
    """Nodes of one class run a task equally fast; empty: nothing is known."""
    return labels.get(names.LABEL_NODE_CLASS) or gpu_model(labels) or labels.get(_INSTANCE_TYPE, "")


def cost_per_hour(labels: NodeLabels) -> float:
    """The price of one hour; what is no number counts as 0."""
    text = labels.get(names.LABEL_COST, "")
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def unreadable(labels: NodeLabels) -> Iterator[str]:
    """A sentence for each label that counts as not there since it is no number."""
    for label, pattern, right in (
        (_MEMORY, _WHOLE_NUMBER, "a whole number of MiB"),
        (names.LABEL_COST, _NUMBER, 'a number such as "2.5"'),
    ):
        text = labels.get(label)
        if text is not None and pattern.fullmatch(text) is None:
            yield f'label {label} is "{text}": it must be {right}; until then it counts as 0'
