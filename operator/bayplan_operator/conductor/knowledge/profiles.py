"""What was learned of each task: taken in from TaskProfiles, added to with every run, and written back now and then."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import EndedRun, Evaluation, RunTimes, TaskRun
from bayplan_operator import metrics, names
from bayplan_operator.api.v1alpha1.task_profile import MAX_CLASSES, MAX_COUNTED, MAX_METRICS
from bayplan_operator.conductor.knowledge.backlog import Backlog
from bayplan_operator.conductor.knowledge.ledger import Ledger
from bayplan_operator.conductor.knowledge.outcomes import UNCOUNTED
from bayplan_operator.conductor.knowledge.profile_status import Profile, status
from bayplan_operator.conductor.knowledge.round_counts import RoundsTaken
from bayplan_operator.conductor.knowledge.shares import Shares
from bayplan_operator.conductor.record import conditions
from bayplan_operator.settings import Settings
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.translate.task_profile import InvalidProfile, ProfileContents, read
from bayplan_operator.view.inbox import Key
from bayplan_operator.writer import EventWriter, ProfileWriter

log = logging.getLogger(__name__)

_REMEMBERED = 0.98
"""How much earlier runs count after one more: predictions live on the last 50 or so, since programs change."""


class Profiles:
    """All of them, at most ``settings.profiles``."""

    def __init__(self, writer: ProfileWriter, events: EventWriter, settings: Settings) -> None:
        self.run_times = RunTimes(settings.profiles + 1, _REMEMBERED)
        self.evaluation = Evaluation()
        self.known: dict[Key, Profile] = {}
        self.changed: list[tuple[str, str, bool]] = []
        """Family, task, and whether something is known of it: news since the caller last took them out."""
        self._writer = writer
        self._events = events
        self._limit, self._shares = settings.profiles, Shares()
        self._backlog = Backlog(settings.profile_interval, settings.profile_writes)
        self._unwanted: dict[Key, str] = {}
        """Dropped ones that are still there, to their UIDs."""
        self._later: dict[Key, Mapping[str, Any]] = {}
        """What came while a write of ours was under way."""
        self._unreadable: dict[Key, int] = {}
        """To the version that was complained about."""

    # From TaskProfiles

    def take(self, key: Key, raw: Mapping[str, Any] | None, now: float) -> None:
        """A profile is new, has changed, or is gone (``None``)."""
        self._later.pop(key, None)
        if raw is None:
            self._unreadable.pop(key, None)
            self._unwanted.pop(key, None)
            if key in self.known:
                self._forget(key)
            return
        metadata = raw["metadata"]
        if self._writer.busy(key):
            self._later[key] = raw  # perhaps our own write coming back: its answer will tell
            return
        if metadata.get("deletionTimestamp"):
            return
        profile = self.known.get(key)
        if profile is not None and profile.uid not in ("", metadata["uid"]):
            self._forget(key)  # deleted and made again
            profile = None
        if profile is None:
            self._restore(key, raw, now)
        elif int(metadata["resourceVersion"]) > profile.version:
            self._edited(key, profile, raw, now)

    def _restore(self, key: Key, raw: Mapping[str, Any], now: float) -> None:
        try:
            learned = read(raw)
        except InvalidProfile as error:
            self._complain(key, raw, str(error), now)
            return
        self._unreadable.pop(key, None)
        profile = self.known[key] = Profile(learned.id, Ledger(learned.counted_until, MAX_COUNTED, learned.counted))
        profile.metric, profile.runs, profile.failures = learned.metric, dict(learned.runs), learned.failures
        profile.rounds = learned.rounds
        profile.first, profile.last, profile.recurs = learned.first, learned.last, True
        profile.written = dict(raw.get("status") or {})
        profile.conditions = [dict(each) for each in profile.written.get("conditions") or ()]
        profile.uid, profile.version = raw["metadata"]["uid"], int(raw["metadata"]["resourceVersion"])
        self._shares.used(key, profile.last or 0.0, again=profile.attempts > 1)
        self._recall(learned)
        self._check_metric(key, profile)
        self._bound(now)

    def _recall(self, learned: ProfileContents) -> None:
        known = recall(learned, self.run_times, self.evaluation)
        self.changed.append((learned.id.group, learned.id.task, known))

    def _edited(self, key: Key, profile: Profile, raw: Mapping[str, Any], now: float) -> None:
        """A user wrote into a profile that we know better: the metric is theirs to name, the status is ours."""
        profile.version = int(raw["metadata"]["resourceVersion"])
        metric = str((raw.get("spec") or {}).get("metric") or "")
        if metric != profile.metric:
            profile.metric = metric
            self._check_metric(key, profile)
            self._touch(key, now)
            self.changed.append((profile.id.group, profile.id.task, True))
        found = raw.get("status") or {}
        if all(found.get(name) == value for name, value in profile.written.items() if value is not None):
            return
        try:
            read(raw)
            what = "its numbers are not what was learned"
        except InvalidProfile as error:
            what = str(error)
        told = (key[0], key[1], profile.uid)
        message = f"the status was edited ({what}): it is ignored, and written again"
        self._events.write(told, "Warning", "EditIgnored", message, now, names.TASK_PROFILE)
        self._touch(key, now)

    def _complain(self, key: Key, raw: Mapping[str, Any], words: str, now: float) -> None:
        version = int(raw["metadata"]["resourceVersion"])
        if self._unreadable.get(key) == version:
            return
        metadata = raw["metadata"]
        log.warning("TaskProfile %s/%s is not used: %s", *key, words)
        told = (key[0], key[1], metadata["uid"])
        self._events.write(told, "Warning", "Unreadable", words, now, names.TASK_PROFILE)
        said = [dict(each) for each in (raw.get("status") or {}).get("conditions") or ()]
        before = [dict(each) for each in said]
        conditions.put(said, "Accepted", False, "Unreadable", words, metadata.get("generation", 0), now)
        self._unreadable[key] = version
        if said != before:
            self._writer.write(key, metadata["uid"], {}, {"conditions": said}, lambda uid, at: self._complained(key, at))

    def _complained(self, key: Key, version: int) -> None:
        self._unreadable[key] = version

    # From runs

    @property
    def horizon(self) -> float | None:
        """What ended before is not counted where no profile says otherwise; none: nothing was ever counted."""
        last = max((each.last for each in self.known.values() if each.last is not None), default=None)
        return None if last is None else last - UNCOUNTED

    def learn(self, run: TaskRun, name: str, outcome: EndedRun, horizon: float, now: float, *, recurs: bool = True) -> bool:
        """An attempt ended: whether it is news. Its name is that of no other; the run says on which class of nodes.

        ``recurs``: it belongs to a family of graphs, so that what was learned will be asked for.
        """
        task = TaskId.of(run)
        profile = self.known.get(task.key)
        if profile is None:
            if outcome.ended <= horizon:
                return False
            profile = self.known[task.key] = Profile(task, Ledger(horizon, MAX_COUNTED))
            self._shares.used(task.key, 0.0, again=False)
        if run.node_class not in profile.runs and len(profile.runs) >= MAX_CLASSES:
            return False
        if not profile.ledger.count(name, outcome.ended):
            return False
        profile.recurs = profile.recurs or recurs or profile.last is not None
        profile.runs.setdefault(run.node_class, 0)
        if outcome.succeeded:
            profile.runs[run.node_class] += 1
            # To the digits of a record, whose differences of large numbers have some more.
            seconds = round(outcome.ended - outcome.started, 2)
            self.run_times.observe(replace(run, hint=None), seconds, outcome.ended)
            self.changed.append((run.family, run.task, True))
        else:
            profile.failures += 1
        self.evaluation.add(self._bounded(outcome))
        profile.first = outcome.ended if profile.first is None else min(profile.first, outcome.ended)
        profile.last = outcome.ended if profile.last is None else max(profile.last, outcome.ended)
        self._shares.used(task.key, profile.last, again=profile.attempts > 1)
        self._check_metric(task.key, profile)
        self._touch(task.key, now)
        self._bound(now)
        return True

    def learn_rounds(self, taken: RoundsTaken, horizon: float, now: float) -> bool:
        """The rounds of a graph are over: whether that is news, as of a run in `learn`."""
        task = TaskId.of(taken.task)
        profile = self.known.get(task.key)
        if profile is None:
            if taken.at <= horizon:
                return False
            profile = self.known[task.key] = Profile(task, Ledger(horizon, MAX_COUNTED))
            self._shares.used(task.key, taken.at, again=False)
        if not profile.ledger.count(taken.id, taken.at):
            return False
        profile.rounds = profile.rounds.plus(taken.count)
        self._touch(task.key, now)
        self._bound(now)
        return True

    def rounds(self, task: TaskRun) -> RoundCounts:
        """How many rounds graphs took in which a task repeated; none where nothing was learned."""
        profile = self.known.get(TaskId.of(task).key)
        return RoundCounts() if profile is None else profile.rounds

    def _bounded(self, outcome: EndedRun) -> EndedRun:
        """Without numbers under ever new names."""
        known = self.evaluation.by_task.get((outcome.task, outcome.node_class))
        names_known = set() if known is None else set(known.reported)
        free = MAX_METRICS - len(names_known)
        new = [name for name in outcome.reported if name not in names_known][: max(0, free)]
        kept = {name: value for name, value in outcome.reported.items() if name in names_known or name in new}
        return replace(outcome, reported=kept)

    def _check_metric(self, key: Key, profile: Profile) -> None:
        profile.problem = ""
        for node_class in profile.runs:
            figures = self.evaluation.by_task.get((profile.id.text, node_class))
            try:
                if figures is not None:
                    figures.achieved(profile.metric)
            except ValueError as error:
                profile.problem = f"spec.metric is {profile.metric}: on {node_class} {error}, since more must be better"

    def _bound(self, now: float) -> None:
        while len(self.known) > self._limit:
            key = self._shares.find()
            profile = self.known[key]
            self._forget(key)
            metrics.PROFILES_DROPPED.inc()
            if profile.uid:
                self._unwanted[key] = profile.uid

    def _forget(self, key: Key) -> None:
        profile = self.known.pop(key)
        self._shares.drop(key)
        self._backlog.drop(key)
        self.run_times.forget(profile.id.task, profile.id.group)
        self.evaluation.forget(profile.id.text)
        self.changed.append((profile.id.group, profile.id.task, False))

    # To TaskProfiles

    def write(self, now: float) -> None:
        """Begin the writes that are due, as many as may be."""
        for key in [key for key in self._later if not self._writer.busy(key)]:
            self.take(key, self._later[key], now)
        begin = self._backlog.batch(now)
        if begin and (self._unwanted or self._backlog):
            ready = [key for key in self._unwanted if not self._writer.busy(key) and key not in self.known]
            for key in ready[:begin]:
                self._writer.delete(key, self._unwanted.pop(key))
            due = [key for key in self._backlog.due(self.known, now) if not self._writer.busy(key)]
            for key in due[: max(0, begin - len(ready))]:
                self._write(key, now)
        metrics.PROFILES.set(len(self.known))
        metrics.PROFILES_UNWRITTEN.set(len(self._backlog))
        metrics.PROFILES_UNREADABLE.set(len(self._unreadable))

    def next_write(self, now: float) -> float | None:
        """When `write` next has something to do."""
        return self._backlog.next(now, at_once=bool(self._unwanted))

    def _write(self, key: Key, now: float) -> None:
        profile = self.known[key]
        since = self._backlog.since(key)
        body = status(profile, self.run_times, self.evaluation, now)
        spec = {"family": profile.id.family, "task": profile.id.task}
        profile.tries += 1
        profile.written_at = now

        def on_written(uid: str, version: int) -> None:
            if self.known.get(key) is not profile:
                return
            if not uid:
                self._forget(key)  # deleted, or its namespace was
                return
            self._unreadable.pop(key, None)
            profile.uid, profile.version, profile.written, profile.tries = uid, version, body, 0
            self._backlog.written(key, since)

        self._writer.write(key, profile.uid, spec, body, on_written)

    def _touch(self, key: Key, now: float) -> None:
        self._backlog.add(key, now, under_way=self._writer.busy(key))


def recall(learned: ProfileContents, run_times: RunTimes, evaluation: Evaluation) -> bool:
    """Take in what a profile holds; answers whether anything is known of the task's run times."""
    task = learned.id
    classes = [{"nodeClass": name, **each.as_plain()} for name, each in learned.evidence.items()]
    if classes:
        run_times.restore(task.task, task.group, {"last": learned.last or 0.0, "nodeClasses": classes})
    for name, figures in learned.figures.items():
        evaluation.restore(task.text, name, figures)
    return bool(classes)
