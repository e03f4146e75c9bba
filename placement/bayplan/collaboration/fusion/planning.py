"""From a name and parameters, as a manifest has them, to a checked plan."""

from collections.abc import Mapping

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.methods import METHODS, FusionMethod
from bayplan.collaboration.fusion.parameters import FusionPlan, read_parameters
from bayplan.model.spelling import unknown


def method_named(name: str) -> FusionMethod:
    """The method. Raises `FusionError` with the nearest name."""
    if name not in METHODS:
        raise FusionError(unknown("method", name, METHODS))
    return METHODS[name]


def planned(method: str, parameters: Mapping[str, object] | None = None) -> FusionPlan:
    """The method with all parameters, those left out by their defaults. Raises `FusionError`."""
    found = method_named(method)
    return FusionPlan(method, read_parameters(method, found.known, parameters or {}))
