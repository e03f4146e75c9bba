"""What breaks, from a file."""

from pathlib import Path

from bayplan.simulation import Crash, Failures, SetupError
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.workflows.documents import InputError, documents
from bayplan_operator.workflows.fields import Fields

_SHARE = "%"


def read_failures(path: Path) -> Failures:
    """`crashes` (node, at, repairedAfter), `mtbf`, `repair`, `attempts`. Raises `InputError`."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; to say it without one: mtbf=24h,repair=10m,attempts=1%")
    found = list(documents(path))
    if len(found) != 1:
        raise InputError(f"{path}: there must be one document in it, there are {len(found)}")
    top = Fields(found[0], found[0].value)
    top.only(("crashes", "mtbf", "repair", "attempts"))
    plain = Failures()
    try:
        return Failures(
            crashes=tuple(_crash(each) for each in top.maps("crashes")),
            mtbf=_duration(top, "mtbf", plain.mtbf),
            repair=_duration(top, "repair", plain.repair),
            attempt=_share(top, "attempts"),
        )
    except SetupError as error:
        raise found[0].fault(str(error)) from error


def _crash(each: Fields) -> Crash:
    each.only(("node", "at", "repairedAfter"))
    at = _duration(each, "at", 0.0)
    return Crash(each.text("node"), at, at + _duration(each, "repairedAfter", float("inf")))


def _duration(each: Fields, name: str, default: float) -> float:
    value = each.value.get(name)
    if value is None:
        return default
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise each.fault(name, str(error)) from error


def _share(each: Fields, name: str) -> float:
    value = each.value.get(name, 0.0)
    if isinstance(value, str) and value.endswith(_SHARE):
        try:
            value = float(value.removesuffix(_SHARE)) / 100
        except ValueError:
            raise each.fault(name, "it must be a share such as 1% or 0.01") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise each.fault(name, "it must be a share from 0 to 1, such as 1% or 0.01")
    return float(value)
