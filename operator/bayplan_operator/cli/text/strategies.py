"""What a policy can name, as text."""

from collections.abc import Mapping, Sequence

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views.model.strategies import NamedPart, PresetView, StrategiesView, StrategyPart


def text(known: StrategiesView, screen: Screen) -> str:
    """A table of each kind, a line for each name; wide: also what presets stand for, and which package brings a part."""
    parts = [
        _presets(known.presets, screen),
        _parts("ORDER", known.orders, screen),
        _parts("SCORER", known.scorers, screen),
        _parts("PLANNER", known.planners, screen),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def _presets(presets: Sequence[PresetView], screen: Screen) -> list[str]:
    header, rows = ["PRESET", "TAKE IT FOR"], [[each.name, each.about] for each in presets]
    if screen.wide:
        header += ["ORDER", "SCORERS", "PLANNER"]
        for row, each in zip(rows, presets, strict=True):
            row += [",".join(each.order), ",".join(map(_scorer, each.scorers)), _named(each.planner)]
    return table(header, rows, screen)


def _parts(title: str, parts: Sequence[StrategyPart], screen: Screen) -> list[str]:
    header, rows = [title, "WHAT IT DOES"], [[each.name, each.about] for each in parts]
    if screen.wide:
        header.append("PACKAGE")
        for row, each in zip(rows, parts, strict=True):
            row.append(each.package)
    if any(each.parameters or each.free_parameters for each in parts):
        header.append("PARAMETERS")
        for row, each in zip(rows, parts, strict=True):
            row.append("NAME=NODE,..." if each.free_parameters else _pairs(each.parameters))
    return table(header, rows, screen)


def _scorer(scorer: NamedPart) -> str:
    return f"{_named(scorer)}={scorer.weight:g}"


def _named(part: NamedPart) -> str:
    return f"{part.name}({_pairs(part.parameters)})" if part.parameters else part.name


def _pairs(values: Mapping[str, str | int | float]) -> str:
    return ",".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in values.items())
