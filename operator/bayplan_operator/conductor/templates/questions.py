"""What the API server is asked, and when: so often in each namespace, so many at once, and so many times."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.templates.answers import NOT_ANSWERED, Answer, Answers, refused
from bayplan_operator.conductor.templates.bucket import TokenBucket
from bayplan_operator.kube import errors
from bayplan_operator.translate.dry_run import admitted_spec, dry_run_pod
from bayplan_operator.translate.pod import GraphRef, PodRole, Template
from bayplan_operator.writer.dry_runs import DryRunWriter, Key

AT_ONCE = 8
"""Questions under way, so that there are connections left for writes."""
_AT_ONCE_THERE = 2
"""The same, in one namespace: a webhook that hangs must not hold up the others."""
_TIMES = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_BURST = 5.0
"""Seconds' worth of questions that a namespace may save up: what a graph waits for them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A task whose pods are asked about, for all that are made alike."""

    graph: GraphRef
    role: PodRole
    """Of the first of them."""
    template: Template


@dataclass(slots=True)
class _Question:
    subject: Subject
    backoff: Backoff
    times: int = 0
    at: float = 0.0
    """Not asked before, in seconds since the epoch."""


@dataclass(slots=True)
class _Line:
    """The questions of one namespace, each in one of four places."""

    bucket: TokenBucket
    urgent: dict[Key, _Question] = field(default_factory=dict)
    rest: dict[Key, _Question] = field(default_factory=dict)
    under_way: dict[Key, _Question] = field(default_factory=dict)
    failed: dict[Key, _Question] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """There is something to ask now."""
        return bool(self.urgent or self.rest) and len(self.under_way) < _AT_ONCE_THERE

    @property
    def empty(self) -> bool:
        """There is nothing to ask, now or later."""
        return not (self.urgent or self.rest or self.under_way or self.failed)

    def next(self) -> tuple[Key, _Question]:
        """That whose turn it is; it leaves its place."""
        place = self.urgent or self.rest
        key = next(iter(place))
        return key, place.pop(key)


class Questions:
    """Keeps them until they are answered."""

    def __init__(self, writer: DryRunWriter, answers: Answers, rate: float, clock: Clock) -> None:
        """``rate``: per second, in each namespace."""
        self._writer, self._answers, self._rate, self._clock = writer, answers, rate, clock
        self._lines: dict[str, _Line] = {}

    def want(self, key: Key, subject: Subject, *, urgent: bool) -> None:
        """Have it asked, unless it is already; ``urgent`` ones come before the others."""
        line = self._lines.get(key[0])
        if line is None:
            line = self._lines[key[0]] = _Line(TokenBucket(self._rate, max(1.0, _BURST * self._rate)))
        if key in line.under_way or key in line.failed or key in line.urgent:
            return
        question = line.rest.pop(key, None) or _Question(subject, Backoff("dry run", _FIRST_WAIT, _LONGEST_WAIT))
        (line.urgent if urgent else line.rest)[key] = question

    def drop(self, key: Key) -> None:
        """Nothing needs the answer any more."""
        line = self._lines.get(key[0])
        if line is not None:
            for place in (line.urgent, line.rest, line.failed):
                place.pop(key, None)

    def step(self, now: float) -> None:
        """Ask what may be asked now. O(namespaces in which something was asked lately)."""
        for namespace, line in list(self._lines.items()):
            for key in [key for key in line.under_way if not self._writer.busy(key)]:
                self._over(line, key, Answer(None, NOT_ANSWERED, "the answer could not be read"))
            for key in [key for key, question in line.failed.items() if question.at <= now]:
                line.urgent[key] = line.failed.pop(key)
            if line.empty and line.bucket.full(now):
                del self._lines[namespace]
        for namespace in [name for name, line in self._lines.items() if line.open]:
            line = self._lines.pop(namespace)
            self._lines[namespace] = line  # the last one next time
            while line.open and self._under_way < AT_ONCE and line.bucket.take(now):
                self._ask(line, *line.next())

    def next_time(self, now: float) -> float | None:
        """When something may be asked though nothing happens."""
        return min(self._times(now), default=None)

    def _times(self, now: float) -> Iterator[float]:
        for line in self._lines.values():
            yield from (question.at for question in line.failed.values())
            if line.open and self._under_way < AT_ONCE:
                yield now + line.bucket.wait(now)

    @property
    def _under_way(self) -> int:
        return sum(len(line.under_way) for line in self._lines.values())

    def _ask(self, line: _Line, key: Key, question: _Question) -> None:
        subject = question.subject
        line.under_way[key] = question
        question.times += 1

        def answered(pod: bytes) -> None:
            self._over(line, key, Answer(admitted_spec(pod, subject.template.spec)))

        def failed(error: errors.ApiError) -> None:
            self._over(line, key, refused(error), getattr(error, "retry_after", None))

        self._writer.ask(key, dry_run_pod(subject.graph, subject.template, subject.role), answered, failed)

    def _over(self, line: _Line, key: Key, answer: Answer, asked: float | None = None) -> None:
        """``asked``: seconds that the API server asked to wait before the next request."""
        question = line.under_way.pop(key)
        metrics.DRY_RUNS.labels(answer.reason or "Admitted").inc()
        if answer.passing and question.times < _TIMES:
            question.at = self._clock.now() + max(question.backoff.failed(), asked or 0.0)
            line.failed[key] = question
        else:
            self._answers.put(key, answer)
