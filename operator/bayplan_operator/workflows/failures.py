"""What breaks, from a file."""

from pathlib import Path

from bayplan.simulation import Crash, Failures, SetupError
from bayplan_operator.workflows.documents import InputError, documents
from bayplan_operator.workflows.fields import Fields


def read_failures(path: Path) -> Failures:
    """`crashes` (node, at, repairedAfter), `mtbf`, `mtbfOfClass`, `repair`, `attempts`. Raises `InputError`."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; to say it without one: mtbf=24h,repair=10m,attempts=1%")
    found = list(documents(path))
    if len(found) != 1:
        raise InputError(f"{path}: there must be one document in it, there are {len(found)}")
    top = Fields(found[0], found[0].value)
    top.only(("crashes", "mtbf", "mtbfOfClass", "repair", "attempts"))
    plain, of_class = Failures(), top.map("mtbfOfClass")
    try:
        return Failures(
            crashes=tuple(_crash(each) for each in top.maps("crashes")),
            mtbf=top.duration("mtbf", plain.mtbf),
            mtbf_of_class={name: of_class.duration(name) for name in of_class.value},
            repair=top.duration("repair", plain.repair),
            attempt=top.share("attempts", 0.0),
        )
    except SetupError as error:
        raise found[0].fault(str(error)) from error


def _crash(each: Fields) -> Crash:
    each.only(("node", "at", "repairedAfter"))
    at = each.duration("at", 0.0)
    return Crash(each.text("node"), at, at + each.duration("repairedAfter", float("inf")))
