"""The virtual cluster with everything on it, and one tick of its clock."""

from collections.abc import Callable, Sequence

from bayplan.admission.line.whole import LineUnit
from bayplan.simulation.conductor import Conductor
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission


class World:
    """Everything that changes in a simulation."""

    def __init__(self, submissions: Sequence[Submission], setup: Setup, shortcuts: bool) -> None:
        self.submissions, self.setup = list(submissions), setup
        """As they stand: with the candidates that were chosen. All parts look at this one list."""
        self.agenda, self.log = Agenda(), AttemptLog()
        self.machines = Machines(self.submissions, setup, self.log, self.agenda)
        self.conductor = Conductor(self.submissions, setup, self.machines, self.log, self.agenda, shortcuts)
        for number, submission in enumerate(submissions):
            self.agenda.add(submission.at, Event.ARRIVAL, number)
        self.now = 0.0
        self.ticks = self.events = 0
        """Events: arrivals of graphs, starts and ends of attempts."""
        self._handlers: dict[int, Callable[[int, float], None]] = {
            Event.REPAIR: self._repair,
            Event.END: self._end,
            Event.CRASH: self._crash,
            Event.NOTICE: self._notice,
            Event.LOSS: self._lose,
            Event.BOUND: self.conductor.bound,
            Event.START: self._start,
            Event.ARRIVAL: self._arrive,
            Event.WAKE: self.conductor.woken,
            Event.EXPIRY: self.conductor.expired,
            Event.SCRAPE: self._scrape,
            Event.READING: self._read,
            Event.EVICTED: self.conductor.evicted,
            Event.DECISION: lambda number, now: None,  # the tick itself asks
            Event.RENEWAL: lambda number, now: None,  # the tick itself looks whether it is time
        }

    @property
    def over(self) -> bool:
        """All graphs have ended, or will never."""
        return self.conductor.open == 0 or self.conductor.hopeless() or self._only_scrapes_left()

    def tick(self, now: float) -> None:
        """Everything that happens at an instant, and what follows at once."""
        self.now = now
        self.ticks += 1
        self._happen(now)
        self.conductor.tick(now)

    def line(self, now: float) -> list[LineUnit]:
        """The line after everything that happens at an instant, before anything is placed."""
        self._happen(now)
        return self.conductor.line(now)

    def _happen(self, now: float) -> None:
        for kind, number in self.agenda.take(now):
            self._handlers[kind](number, now)

    def _only_scrapes_left(self) -> bool:
        """Nothing is to come but readings, and whatever they say, no request would get a place by them."""
        scraping = self.machines.scraping
        return (
            scraping is not None
            and len(self.agenda) == scraping.coming
            and not self.conductor.would_place(self.machines.cluster, self.now)
        )

    def _scrape(self, number: int, now: float) -> None:
        self.machines.scrape(now)

    def _read(self, number: int, now: float) -> None:
        if self.machines.scraping is not None:
            self.machines.scraping.arrive(number, self.machines.cluster, now)

    def _arrive(self, number: int, now: float) -> None:
        self.events += 1
        self.conductor.arrived(number, now)

    def _start(self, row: int, now: float) -> None:
        if self.machines.begin(row, now):
            self.conductor.running(row, now)

    def _end(self, row: int, now: float) -> None:
        if self.machines.end(row, now):
            self.events += 1
            self.conductor.changed(row, now)

    def _crash(self, number: int, now: float) -> None:
        self.machines.crash(number, now)

    def _notice(self, number: int, now: float) -> None:
        self.machines.notice(number, now)
        self.conductor.nodes_changed()

    def _lose(self, number: int, now: float) -> None:
        for row in self.machines.lose(number):
            self.conductor.changed(row, now)

    def _repair(self, number: int, now: float) -> None:
        for row in self.machines.repair(number, now):
            self.conductor.changed(row, now)
        self.conductor.nodes_changed()
