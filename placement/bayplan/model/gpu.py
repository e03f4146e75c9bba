"""Single GPUs: what a pod asks of them, and what a node has."""

from dataclasses import dataclass

WHOLE = 1000
"""Thousandths of one GPU."""


@dataclass(frozen=True, slots=True)
class GpuAsk:
    """Several whole GPUs, or a part of one. Raises `ValueError` for anything else."""

    count: int
    thousandths: int = WHOLE
    """Of each; below 1000 only where one is asked for."""
    models: tuple[str, ...] = ()
    """Acceptable ones; none: any."""
    memory: int = 0
    """Bytes that each must have at least, whole GPU counted."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if self.count < 1:
            raise ValueError(f"gpus.count is {self.count}: it must be at least 1; ask for no GPUs by leaving gpus out")
        if not 1 <= self.thousandths <= WHOLE:
            raise ValueError(f"gpus.thousandths is {self.thousandths}: it must be from 1 to {WHOLE}")
        if self.count > 1 and self.thousandths < WHOLE:
            raise ValueError(f"gpus.thousandths is {self.thousandths} of {self.count} GPUs: a fraction must be of one GPU only")
        if self.memory < 0:
            raise ValueError(f"gpus.memory is {self.memory}: it must not be negative")

    @property
    def fraction(self) -> bool:
        """Whether a part of one GPU is enough, so that it matters which."""
        return self.thousandths < WHOLE

    @property
    def total(self) -> int:
        """Thousandths in all."""
        return self.count * self.thousandths


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs of one node, all alike. Raises `ValueError` for negative figures."""

    count: int
    model: str = ""
    """Empty: unknown; matches no request that names models."""
    memory: int = 0
    """Bytes of each."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if self.count < 0 or self.memory < 0:
            raise ValueError(f"gpus.count is {self.count} and gpus.memory {self.memory}: neither may be negative")


@dataclass(frozen=True, slots=True)
class GpuUse:
    """What a pod on a node takes of its GPUs."""

    ask: GpuAsk
    devices: tuple[int, ...] = ()
    """Which ones; empty: not known, so the first that fit are charged."""


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU of a node as it stands."""

    index: int
    model: str
    memory: int
    free: int
    """Thousandths; below 0 if more is used than there is."""
