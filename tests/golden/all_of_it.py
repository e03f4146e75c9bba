"""Everything that is recorded: kind to name to what answers its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from tests.golden.deciding import decisions
from tests.golden.files import Row
from tests.golden.replays import REPLAYS
from tests.golden.simulations import SIMULATIONS
from tests.golden.strategies import BESIDE, PRESET_NAMES, preset


def _preset(name: str) -> Iterable[Row]:
    """Compiled when it is asked, so that one that cannot be fails its own test only."""
    return decisions(preset(name))


FEW = ("shortage", "gpus-shortage", "constraints", "learned", "plans")
"""Scenes for what no preset has."""
KINDS: Mapping[str, Mapping[str, Callable[[], Iterable[Row]]]] = {
    "presets": {name: partial(_preset, name) for name in PRESET_NAMES},
    "strategies": {name: partial(decisions, strategy, FEW) for name, strategy in BESIDE.items()},
    "simulations": SIMULATIONS,
    "replays": REPLAYS,
}
