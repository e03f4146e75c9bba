"""From the text of a condition to its words, numbers and signs."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.lifecycle.conditions.errors import ConditionError
from bayplan.lifecycle.conditions.values import Value

LONGEST = 1024
"""Characters of a condition."""

_NAME = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_KEY = r"[A-Za-z_](?:[-A-Za-z0-9_.]*[A-Za-z0-9_])?"
_BLANK = re.compile(r"\s+")
# Before numbers: a task may be called `1e-5`. Longest first: a task's name may hold "-", and nothing is ever subtracted.
_RESULT = re.compile(rf"({_NAME})\.({_KEY})")
_LIKE_RESULT = re.compile(r"[A-Za-z0-9_][-\w]*\.[^\s()<>=!'\"]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.])")
_NEGATIVE = re.compile(r"-\.?[0-9]")
_LIKE_NUMBER = re.compile(r"-?\.?[0-9][\w.+-]*")
_TEXT = re.compile(r"'([^'\x00-\x1f]*)'|\"([^\"\x00-\x1f]*)\"")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_SIGN = re.compile(r"==|!=|<=|>=|<|>|\(|\)")
_OTHERS = {
    "=>": "write `>=`",
    "=<": "write `<=`",
    "<>": "write `!=`",
    "===": "write `==`",
    "=": "two values are compared by `==`",
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`",
    "!": "write `not`",
    "+": "nothing is added in a condition",
    "-": "nothing is subtracted in a condition",
    "*": "nothing is multiplied in a condition",
    "/": "nothing is divided in a condition",
    "%": "nothing is divided in a condition",
}
_OTHER = re.compile("|".join(re.escape(each) for each in sorted(_OTHERS, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Token:
    """One of them: a sign or word, a constant (`value`), or a result (`task` and `key`); an empty text is the end."""

    text: str
    column: int
    value: Value | None = None
    task: str = ""
    key: str = ""

    @property
    def plain(self) -> str:
        """The text of a sign or a word; empty for anything else, so that `"and"` in quotation marks is no `and`."""
        return "" if self.task or self.value is not None else self.text


def tokens(text: str) -> list[Token]:
    """All of them, and the end. O(text). Raises `ConditionError`."""
    if len(text) > LONGEST:
        raise ConditionError(f"the condition has {len(text)} characters: it may have {LONGEST}")
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
            continue
        found = _token(text, at)
        yield found
        at += len(found.text)
    yield Token("", len(text) + 1)


def _token(text: str, at: int) -> Token:
    column = at + 1
    if found := _OTHER.match(text, at):
        sign = _SIGN.match(text, at)
        if (sign is None or len(sign[0]) < len(found[0])) and not _NEGATIVE.match(text, at):
            raise ConditionError(f"there is no `{found[0]}`: {_OTHERS[found[0]]}", column)
    if (found := _RESULT.match(text, at)) and _ends(text, found.end()):
        return Token(found[0], column, task=found[1], key=found[2])
    if found := _NUMBER.match(text, at):
        return Token(found[0], column, _number(found, column))
    if found := _TEXT.match(text, at):
        return Token(found[0], column, found[1] if found[1] is not None else found[2])
    if found := _SIGN.match(text, at):
        return Token(found[0], column)
    _refuse(text, at)
    if found := _WORD.match(text, at):
        truth = {"true": True, "false": False}.get(found[0])
        return Token(found[0], column, truth)
    raise ConditionError(f"`{text[at]}` has no meaning in a condition", column)


def _ends(text: str, at: int) -> bool:
    return at == len(text) or not (text[at].isalnum() or text[at] in "_.-")


def _number(found: re.Match[str], column: int) -> int | float:
    if found[1] is None and found[2] is None:
        return int(found[0])
    value = float(found[0])
    if math.isinf(value):
        raise ConditionError(f"{found[0]} is larger than any number with 64 bits: write a smaller one", column)
    return value


def _refuse(text: str, at: int) -> None:
    """Say what is wrong with what only looks right."""
    column = at + 1
    if text[at] in "'\"":
        raise ConditionError(f"the text has no end: close it with {text[at]} on the same line", column)
    if found := _LIKE_NUMBER.match(text, at):
        raise ConditionError(f"{found[0]} is no number: write one such as 0.5, -2 or 1e-3", column)
    if found := _LIKE_RESULT.match(text, at):
        raise ConditionError(
            f"{found[0]} is no NAME.KEY: a task's name has small letters, digits and `-`, a key begins with a letter",
            column,
        )
