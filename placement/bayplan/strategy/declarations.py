"""Whether what an order, a scorer or a planner declares can be what its author meant."""

import difflib
import inspect
from collections.abc import Mapping
from typing import Literal

from bayplan.strategy.needs import NOTHING, Need

Kind = Literal["order", "scorer", "planner"]

_FORMER: Mapping[str, Need] = {
    "uses_load": Need.LOAD,
    "uses_mix": Need.MIX,
    "uses_plans": Need.PLANS,
    "only_if_they_matter": Need.PLANS_IF_THEY_MATTER,
    "per_task": Need.PER_TASK,
}
"""Attributes that once said what is a need today."""
_CLOSE = 0.8
"""Least similarity (`difflib`) of a name to one of ours that makes it a misspelling: "need" has 0.9, "nodes" has 0.6."""


class DeclarationError(ValueError):
    """A declaration that is wrong, or would have no effect; the message goes on after the strategy's name."""


def checked(part: object, kind: Kind) -> frozenset[Need]:
    """The needs of an order, a scorer or a planner. Raises `DeclarationError`, also for what only looks like a declaration."""
    names = [name for name in dir(part) if not name.startswith("_")]
    for name in names:
        _check_name(name, kind)
    needs = _needs(part) if "needs" in names else NOTHING
    if Need.PER_TASK in needs and kind != "scorer":
        raise DeclarationError("whose needs hold Need.PER_TASK, and only scores are kept per task: take it away")
    if "depends_on" in names:
        _check_depends_on(part)
    return needs


def _check_name(name: str, kind: Kind) -> None:
    meant = _meant(name)
    if meant is None or meant == name == "needs" or (meant == name == "depends_on" and kind == "scorer"):
        return
    if kind != "scorer" and meant in ("depends_on", "per_task"):
        raise DeclarationError(f'which has "{name}", and only scores are kept, by what they depend on: take it away')
    advice = f"declare {_declaration(_FORMER[meant], kind)} instead" if meant in _FORMER else f'did you mean "{meant}"?'
    raise DeclarationError(f'which has "{name}", and that has no effect: {advice}')


def _meant(name: str) -> str | None:
    """The name of ours that it is, or most looks like; none: it is a name of its author's own."""
    plain, ours = _plain(name), {_plain(each): each for each in ("needs", "depends_on", *_FORMER)}
    near = (each for each in difflib.get_close_matches(plain, ours, cutoff=_CLOSE) if each[0] == plain[0])
    return ours.get(next(near, ""))


def _needs(part: object) -> frozenset[Need]:
    try:
        found: object = part.needs  # type: ignore[attr-defined]
    except AttributeError as error:  # a property of a plugin's may fail
        raise DeclarationError(f"whose needs cannot be read: {error}") from error
    if not isinstance(found, frozenset | set):
        said = f"Need.{found.name}" if isinstance(found, Need) else _article(type(found).__name__)
        raise DeclarationError(f"whose needs are {said}: they must be a frozenset of Need, such as frozenset({{Need.LOAD}})")
    for each in sorted(found, key=str):
        if not isinstance(each, Need):
            raise DeclarationError(f"whose needs hold {_quoted(each)}, which is no Need: {_nearest(each)}")
    return frozenset(found)


def _check_depends_on(part: object) -> None:
    wanted = "whose depends_on must be a method that takes (request, context)"
    if not callable(getattr(type(part), "depends_on", None)):
        raise DeclarationError(wanted)
    try:
        inspect.signature(part.depends_on).bind(None, None)  # type: ignore[attr-defined]
    except TypeError as error:
        raise DeclarationError(f"{wanted}: {error}") from error


def _nearest(written: object) -> str:
    plain = {_plain(each.name): each for each in Need}
    near = difflib.get_close_matches(_plain(str(written)), plain, n=1, cutoff=0.5)
    others = ", ".join(f"Need.{each.name}" for each in Need)
    return f"did you mean Need.{plain[near[0]].name}?" if near else f"there are {others}"


def _declaration(need: Need, kind: Kind) -> str:
    """What to write."""
    return f"@needs(Need.{need.name})" if kind == "order" else f"needs = frozenset({{Need.{need.name}}})"


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


def _quoted(written: object) -> str:
    return f'"{written}"' if isinstance(written, str) else repr(written)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
