"""From words and signs to a tree.

condition  := term ("or" term)*
term       := factor ("and" factor)*
factor     := "not" factor | value [("==" | "!=" | "<" | "<=" | ">" | ">=") value]
value      := constant | NAME.KEY | "(" condition ")"
            | ("min" | "max" | "mean" | "sum") "(" NAME.KEY ")"
            | ("all" | "any") "(" condition ")"
"""

from collections.abc import Callable

from bayplan.lifecycle.conditions.errors import ConditionError
from bayplan.lifecycle.conditions.tokens import Token, tokens
from bayplan.lifecycle.conditions.tree import (
    COMPARISONS,
    LOGICAL,
    NUMERIC,
    Aggregate,
    Comparison,
    Constant,
    Junction,
    Negation,
    Node,
    TaskResult,
    kind,
    references,
)
from bayplan.lifecycle.conditions.values import ValueKind
from bayplan.model.spelling import unknown

DEEPEST = 32
"""Parentheses and `not` within each other: below what Python's stack bears, many times over."""
_WORDS = ("and", "or", "not", "true", "false", *NUMERIC, *LOGICAL)


def tree_of(text: str) -> Node:
    """O(text). Raises `ConditionError`."""
    if not text.strip():
        raise ConditionError("the condition is empty: write one such as evaluate.accuracy >= 0.95")
    return _Parser(tokens(text)).whole()


def tree_of_value(text: str) -> Node:
    """A constant, a result, an aggregate, or what stands in parentheses. O(text). Raises `ConditionError`."""
    return _Parser(tokens(text)).single()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._aggregate = ""
        """The name of the aggregate whose inside is being read."""

    def whole(self) -> Node:
        first = self._now
        found = self._condition()
        rest = self._now
        _refuse_chain(rest)
        if rest.text:
            raise _misplaced(rest, "`and`, `or`, a comparison or the end of the condition")
        return _truth(found, first)

    def single(self) -> Node:
        found = self._value()
        if self._now.text:
            raise _misplaced(self._now, "the end")
        return found

    def _condition(self) -> Node:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> Node:
        return self._joined("and", self._factor)

    def _joined(self, name: str, part: Callable[[], Node]) -> Node:
        starts = [self._now]
        terms = [part()]
        while self._now.plain == name:
            self._take()
            starts.append(self._now)
            terms.append(part())
        if len(terms) == 1:
            return terms[0]
        return Junction(name, tuple(_truth(term, start) for term, start in zip(terms, starts, strict=True)))

    def _factor(self) -> Node:
        if self._now.plain == "not":
            self._deeper()
            first = self._now
            inner = _truth(self._factor(), first)
            self._depth -= 1
            return Negation(inner)
        left = self._value()
        if self._now.plain not in COMPARISONS:
            return left
        sign = self._take()
        right = self._value()
        _comparable(left, sign, right)
        return Comparison(left, sign.text, right)

    def _value(self) -> Node:
        token = self._now
        if token.task:
            self._take()
            return TaskResult(token.task, token.key)
        if token.value is not None:
            self._take()
            return Constant(token.value)
        if token.plain == "(":
            self._deeper()
            found = self._condition()
            self._close(token)
            return found
        if token.plain in NUMERIC + LOGICAL:
            return self._aggregated()
        raise _no_value(token)

    def _aggregated(self) -> Node:
        name = self._take()
        opening = self._now
        if opening.plain != "(":
            raise ConditionError(f"{name.text} needs parentheses: write {name.text}(NAME.KEY)", opening.column)
        if self._aggregate:
            raise ConditionError(f"{name.text} stands within {self._aggregate}: no aggregate holds another", name.column)
        self._deeper()
        self._aggregate = name.text
        start = self._now
        inner = self._condition() if name.text in LOGICAL else self._result(name)
        if name.text in LOGICAL:
            _one_task(name, _truth(inner, start))
        self._close(opening)
        self._aggregate = ""
        return Aggregate(name.text, inner)

    def _result(self, name: Token) -> Node:
        token = self._take()
        if not token.task:
            raise ConditionError(f"{name.text} takes one result: write {name.text}(NAME.KEY)", token.column)
        return TaskResult(token.task, token.key)

    def _deeper(self) -> None:
        token = self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError(f"more than {DEEPEST} parentheses and `not` stand within each other here", token.column)

    def _close(self, opening: Token) -> None:
        token = self._take()
        _refuse_chain(token)
        if token.plain != ")":
            found = f"`{token.text}`" if token.text else "the end"
            raise ConditionError(f"{found} stands where the `(` in column {opening.column} needs its `)`", token.column)
        self._depth -= 1

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)  # the end stays the end
        return token


def _no_value(token: Token) -> ConditionError:
    wanted = "a NAME.KEY, a number, a text, true or false"
    if not token.text:
        return ConditionError(f"the condition ends where {wanted} should stand", token.column)
    if not token.plain[0].isalpha() or token.plain in _WORDS or token.plain.lower() in _WORDS:
        return _misplaced(token, wanted)
    known = unknown("the word", token.text, _WORDS)
    return ConditionError(f"{known}; a result is written NAME.KEY, a text in quotation marks", token.column)


def _misplaced(token: Token, wanted: str) -> ConditionError:
    small = token.plain.lower()
    if small in _WORDS and small != token.plain:
        return ConditionError(f"`{token.text}` is unknown: write `{small}`", token.column)
    return ConditionError(f"`{token.text}` stands where it has no meaning: {wanted} should stand here", token.column)


def _truth(node: Node, first: Token) -> Node:
    found = kind(node)
    if found not in (None, ValueKind.TRUTH):
        raise ConditionError(f"{node} is {found.value}: what is true or false should stand here", first.column)
    return node


def _comparable(left: Node, sign: Token, right: Node) -> None:
    kinds = kind(left), kind(right)
    if None not in kinds and kinds[0] != kinds[1]:
        found = " and ".join(f"{node} is {each.value}" for node, each in zip((left, right), kinds, strict=True) if each)
        raise ConditionError(f"{found}: only values of one kind are compared", sign.column)
    if ValueKind.TRUTH in kinds and sign.text not in ("==", "!="):
        truth = left if kinds[0] is ValueKind.TRUTH else right
        raise ConditionError(f"{truth} is true or false, and neither is larger: compare by == or !=", sign.column)


def _one_task(name: Token, inner: Node) -> None:
    tasks = list(dict.fromkeys(each.task for each in references(inner)))
    if len(tasks) != 1:
        found = " and ".join(tasks) if tasks else "no task"
        raise ConditionError(f"{name.text} looks at {found}: it looks at the shards of one task", name.column)


def _refuse_chain(token: Token) -> None:
    if token.plain in COMPARISONS:
        raise ConditionError(
            f"`{token.text}` follows a comparison: compare two values at a time, with `and` in between", token.column
        )
