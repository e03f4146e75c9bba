"""What a pod may say about nodes, in Kubernetes' own terms. All values are immutable and hashable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label or field: In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """Conditions that must all hold; a term without any matches no node (Kubernetes: NodeSelectorTerm)."""

    expressions: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()
    """Conditions on fields; there is only `metadata.name`."""


@dataclass(frozen=True, slots=True)
class PreferredTerm:
    """A term that makes a node better by `weight` (1 to 100)."""

    weight: int
    term: Term


@dataclass(frozen=True, slots=True)
class Taint:
    """What a node holds against pods that do not tolerate it."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"

    def __str__(self) -> str:
        value = f"={self.value}" if self.value else ""
        return f"{self.key}{value}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """What a pod puts up with. An empty key with Exists tolerates everything, an empty effect all effects."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        """Whether this alone makes up for the taint."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        if self.operator == "Exists":
            return True
        return bool(self.key) and self.operator in ("Equal", "") and self.value == taint.value
