"""What a policy can name."""

import msgspec


class StrategyPart(msgspec.Struct, frozen=True, rename="camel"):
    """An order, a scorer or a planner."""

    name: str
    about: str
    """One line."""
    package: str
    """Which Python package brings it."""
    parameters: dict[str, str | int | float] = {}
    """Name to default."""
    free_parameters: bool = False
    """Its parameters have names of the policy's own."""


class NamedPart(msgspec.Struct, frozen=True, rename="camel"):
    """A scorer or planner that a preset stands for."""

    name: str
    weight: float = 1.0
    """Of a scorer beside others."""
    parameters: dict[str, str] = {}
    """Those that are not as they are by default."""


class PresetView(msgspec.Struct, frozen=True, rename="camel"):
    """A preset."""

    name: str
    about: str
    """When to take it, in one line."""
    order: tuple[str, ...]
    scorers: tuple[NamedPart, ...]
    planner: NamedPart


class StrategiesView(msgspec.Struct, frozen=True, rename="camel"):
    """All that a policy can name."""

    presets: tuple[PresetView, ...]
    orders: tuple[StrategyPart, ...]
    scorers: tuple[StrategyPart, ...]
    planners: tuple[StrategyPart, ...]
