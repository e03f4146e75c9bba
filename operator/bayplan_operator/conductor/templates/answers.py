"""What the API server has said of templates."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan_operator.clock import Clock
from bayplan_operator.kube import errors
from bayplan_operator.translate.dry_run import admitted_spec
from bayplan_operator.translate.pod import Template
from bayplan_operator.writer.dry_runs import Key

_MOST = 1000
"""Answers that are kept; that which was used longest ago goes first."""
_KEPT, _KEPT_BRIEFLY = 600.0, 60.0
"""Seconds for which an answer serves new graphs, and one that may well be another soon."""
_CALM = 5.0
"""Seconds between two corrections of one answer: a webhook may make each pod another one."""
INVALID, DENIED, FORBIDDEN = "Invalid", "Denied", "Forbidden"
UNSUPPORTED, NOT_ANSWERED = "DryRunUnsupported", "NotAnswered"


@dataclass(frozen=True, slots=True)
class Answer:
    """To the question what the API server makes of the pods of a template."""

    spec: Mapping[str, Any] | None
    """The part of the admitted spec that decides where pods can go; ``None``: there is none, for this reason."""
    reason: str = ""
    message: str = ""

    @property
    def final(self) -> bool:
        """No pod of the template will ever be created."""
        return self.reason == INVALID

    @property
    def passing(self) -> bool:
        """Another answer is likely if it is asked again at once."""
        return self.reason in (FORBIDDEN, NOT_ANSWERED)


def refused(error: errors.ApiError) -> Answer:
    """The answer that an error stands for."""
    message = " ".join(str(error).split())
    if not isinstance(error, errors.Refused):
        return Answer(None, NOT_ANSWERED, message)
    if errors.denied(error):
        return Answer(None, DENIED, message)
    if "does not support dry run" in message:
        return Answer(None, UNSUPPORTED, message)
    if isinstance(error, errors.Invalid):
        return Answer(None, INVALID, message)
    return Answer(None, FORBIDDEN if isinstance(error, errors.Forbidden) else NOT_ANSWERED, message)


@dataclass(slots=True)
class _Kept:
    answer: Answer
    until: float
    since: float


class Answers:
    """By namespace and hash of a template; whatever changes is told once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._news: dict[Key, Answer] = {}

    def get(self, key: Key) -> Answer | None:
        """What serves a new graph; ``None``: it has to be asked."""
        known = self._kept.get(key)
        if known is None or known.until <= self._clock.now():
            return None
        self._kept.move_to_end(key)
        return known.answer

    def put(self, key: Key, answer: Answer) -> None:
        """The API server has said this."""
        now, brief = self._clock.now(), answer.passing or answer.reason == DENIED
        self._kept[key] = _Kept(answer, now + (_KEPT_BRIEFLY if brief else _KEPT), now)
        self._kept.move_to_end(key)
        self._news[key] = answer
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def created(self, key: Key, template: Template, nodes: tuple[str, ...], pod: bytes) -> None:
        """A pod of the template was created, pinned to these nodes: what the API server made of it counts from now on."""
        spec, known, now = admitted_spec(pod, template.spec, nodes), self._kept.get(key), self._clock.now()
        if known is None or known.answer.spec is None:
            self.put(key, Answer(spec))
        elif known.answer.spec == spec:
            known.until = now + _KEPT
        elif now >= known.since + _CALM:
            self.put(key, Answer(spec))

    def take_news(self) -> dict[Key, Answer]:
        """What was said since this was last called."""
        news, self._news = self._news, {}
        return news
