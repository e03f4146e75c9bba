"""What breaks, from a file."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from bayplan.simulation import Crash, Failures, SetupError
from bayplan_operator.workflows.documents import Document, Findings, InputError, documents
from bayplan_operator.workflows.fields import Fields

_FIELDS = ("crashes", "mtbf", "mtbfOfClass", "repair", "attempts")


def read_failures(path: Path) -> Failures:
    """`crashes` (node, at, repairedAfter), `mtbf`, `mtbfOfClass`, `repair`, `attempts`.

    Raises `InputError` with all that is wrong.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; to say it without one: mtbf=24h,repair=10m,attempts=1%")
    found = list(documents(path))
    if len(found) != 1:
        raise InputError(f"{path}: there must be one document in it, there are {len(found)}")
    return failures_of(found[0])


def hold_failures(document: Document) -> bool:
    """Whether the document is one of failures, which has no kind."""
    return "kind" not in document.value and any(field in document.value for field in _FIELDS)


def failures_of(document: Document) -> Failures:
    """Raises `InputError` with all that is wrong."""
    top, wrong, plain = Fields(document, document.value), Findings(), Failures()
    with wrong.gathered():
        top.only(_FIELDS)
    of_class = wrong.attempt(lambda: top.map("mtbfOfClass"), Fields(document, {}))
    maps = wrong.attempt(lambda: top.maps("crashes"), list[Fields]())
    crashes = [wrong.attempt(partial(_crash, each), None) for each in maps]
    found = Failures(
        mtbf=wrong.attempt(lambda: top.duration("mtbf", plain.mtbf), plain.mtbf),
        repair=wrong.attempt(lambda: top.duration("repair", plain.repair), plain.repair),
        attempt=wrong.attempt(lambda: top.share("attempts", 0.0), 0.0),
    )
    mtbf_of_class = {name: wrong.attempt(partial(of_class.duration, name), plain.mtbf) for name in of_class.value}
    wrong.told()
    try:
        return replace(found, crashes=tuple(filter(None, crashes)), mtbf_of_class=mtbf_of_class)
    except SetupError as error:
        raise document.fault(str(error)) from error


def _crash(each: Fields) -> Crash:
    each.only(("node", "at", "repairedAfter"))
    at = each.duration("at", 0.0)
    return Crash(each.text("node"), at, at + each.duration("repairedAfter", float("inf")))
