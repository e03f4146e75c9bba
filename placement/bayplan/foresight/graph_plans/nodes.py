"""The machines of a plan."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes split into slots, each of which runs one unit at a time. Checked when made; raises `ValueError`."""

    names: tuple[str, ...]
    """Of all nodes, those without slots included: data may lie there."""
    classes: tuple[str, ...]
    """Classes of nodes. A name may stand here twice: nodes of one class that admit different requests are told apart."""
    node_class: IntArray
    """Shape (nodes,): the number of its class in `classes`."""
    slot_node: IntArray
    """Shape (slots,): the number of its node in `names`."""
    slot_free: FloatArray
    """Shape (slots,): seconds from now until it is free."""
    admits: dict[RequestClass, BoolArray] = field(default_factory=dict)
    """What the slots are for, to shape (classes,): whether nodes of the class could hold it."""

    usable: frozenset[str] = frozenset()
    """Names of the nodes that were ready and not cordoned."""

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.node_class.shape != (len(self.names),):
            raise ValueError(f"node_class has shape {self.node_class.shape}: it must be ({len(self.names)},)")
        if self.slot_node.ndim != 1 or self.slot_free.shape != self.slot_node.shape:
            shapes = f"{self.slot_node.shape} and {self.slot_free.shape}"
            raise ValueError(f"slot_node and slot_free have shapes {shapes}: both must be (slots,)")
        for name, values, below in (
            ("node_class", self.node_class, len(self.classes)),
            ("slot_node", self.slot_node, len(self.names)),
        ):
            wrong = np.flatnonzero((values < 0) | (values >= below))
            if len(wrong):
                raise ValueError(f"{name}[{wrong[0]}] is {values[wrong[0]]}: it must be from 0 to {below - 1}")
        wrong = np.flatnonzero(~(np.isfinite(self.slot_free) & (self.slot_free >= 0)))
        if len(wrong):
            raise ValueError(f"slot_free[{wrong[0]}] is {self.slot_free[wrong[0]]}: it must be seconds, 0 or above")

    @cached_property
    def number(self) -> dict[str, int]:
        """Name to number."""
        return {name: number for number, name in enumerate(self.names)}

    def admitting(self, classes: tuple[RequestClass, ...]) -> BoolArray:
        """Shape (requests, classes): whether nodes of a class could hold it; all could hold what `admits` does not know."""
        anywhere = np.ones(len(self.classes), bool)
        return np.array([self.admits.get(each, anywhere) for each in classes], bool).reshape(len(classes), -1)
