"""The virtual nodes, and the attempts on them: what a real cluster would do by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.lifecycle import Attempt, Phase
from bayplan.model.arrays import IntArray
from bayplan.model.gpu import GpuUse
from bayplan.model.occupant import Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import Request, RequestClass
from bayplan.simulation.breakdowns import Breakdowns
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.failures import DrawnFailures
from bayplan.simulation.following import NOTHING, Ending
from bayplan.simulation.hidden import Hidden
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.run_times import DrawnTimes
from bayplan.simulation.saved_work import SavedWork
from bayplan.simulation.scraping import Scraping
from bayplan.simulation.setup import Setup, SetupError
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome
from bayplan.simulation.transfers import Transfers


class Machines:
    """Holds attempts by their row in the log, and says what has become of them."""

    def __init__(self, submissions: Sequence[Submission], setup: Setup, log: AttemptLog, agenda: Agenda) -> None:
        self.nodes = sorted(setup.nodes, key=lambda node: node.name)
        self._setup, self._submissions = setup, submissions
        self.cluster = self.untouched()
        self._log, self._agenda, self._delays = log, agenda, setup.delays
        self._number = {node.name: number for number, node in enumerate(self.nodes)}
        self.rows = [self.cluster.row(node.name) or 0 for node in self.nodes]
        self._times = DrawnTimes(setup.run_times, submissions, setup.seed)
        self._transfers = Transfers(submissions, setup.bandwidth)
        self._saved = SavedWork(submissions, log)
        self._failures = DrawnFailures(setup.failures, [each.graph.units for each in submissions], setup.seed)
        graces = {name: policy.node_loss_grace for name, policy in setup.policies.items()}
        self._breakdowns = Breakdowns(self.nodes, setup.failures, setup.delays.noticing, graces, setup.seed, agenda)
        self._on_node: list[set[int]] = [set() for _ in self.nodes]
        """Per node, the attempts that have room there."""
        self._dead: set[int] = set()
        """Attempts whose node crashed before they had ended."""
        self._failing: set[int] = set()
        self._use: dict[RequestClass, dict[str, int]] = {}
        self._hidden: Hidden | None = None
        self.scraping: Scraping | None = None
        """None: nothing is measured."""
        if setup.load is not None:
            names = [node.name for node in self.nodes]
            self._hidden = Hidden(setup.load, names, setup.seed)
            self.scraping = Scraping(self._hidden, setup.load.scrapes, names, self.untouched(), log, agenda)
            self.scraping.begin(self.cluster)

    def number(self, node: str) -> int:
        """Of a node, by name."""
        return self._number[node]

    def row(self, attempt: int) -> int:
        """The row of the cluster where an attempt has its room."""
        return self.rows[self._log.node[attempt]]

    def lost(self, policy: str) -> frozenset[str]:
        """The nodes that count as lost for graphs of a policy."""
        return self._breakdowns.lost(policy)

    def chosen(self, number: int) -> None:
        """Of a graph, by its number, a task runs another candidate from now on."""
        self._times.chosen(number)

    def open_on(self, nodes: frozenset[str]) -> Iterator[int]:
        """The attempts that have room on any of these nodes and have not ended. O(nodes + attempts on them)."""
        for name in sorted(nodes):
            yield from (
                row for row in sorted(self._on_node[self._number[name]]) if self._log.outcome[row] == AttemptOutcome.OPEN
            )

    # Attempts

    def take(self, row: int, request: Request, now: float, stake: Stake | None = None) -> bool:
        """An attempt has its room; whether it runs already. `stake`: what evicting it would cost; none: nothing may."""
        asked = request.request_class
        resources = self._use.get(asked)
        if resources is None:
            resources = self._use[asked] = dict(asked.resources)
        number = self._log.node[row]
        gpus = None if asked.gpus is None else GpuUse(asked.gpus, self._log.gpus[row])
        self.cluster.occupy(row, self.nodes[number].name, resources, gpus, self._tenant(request, now, stake))
        self._on_node[number].add(row)
        if self.scraping is not None:
            self.scraping.placed(row, number, asked)
        delays = self._delays
        if delays.binding or delays.starting:
            self._agenda.add(now + delays.binding, Event.BOUND, row)
            self._agenda.add(now + delays.binding + delays.starting, Event.START, row)
            return False
        return self.begin(row, now)

    def bound(self, row: int) -> None:
        """Its node has an attempt: from now on pods that must be near it see it."""
        occupant = self.cluster.occupants(self.nodes[self._log.node[row]].name).get(row)
        if occupant is not None and occupant.tenant is not None:
            tenant = replace(occupant.tenant, bound=True)
            self.cluster.occupy(row, self.nodes[self._log.node[row]].name, occupant.resources, occupant.gpus, tenant)

    def leaves(self, row: int) -> None:
        """An attempt is being evicted."""
        node = self.nodes[self._log.node[row]].name
        occupant = self.cluster.occupants(node).get(row)
        if occupant is not None and occupant.tenant is not None:
            tenant = replace(occupant.tenant, leaving=True)
            self.cluster.occupy(row, node, occupant.resources, occupant.gpus, tenant)

    def _tenant(self, request: Request, now: float, stake: Stake | None) -> Tenant | None:
        if request.neighbour is None and request.queue is None:
            return None
        return Tenant(
            graph=request.graph,
            namespace=request.namespace,
            queue=request.queue,
            priority=request.priority,
            stake=stake,
            since=now,
            expected_end=now + request.duration if request.duration > 0 else None,
            run=request.run,
            neighbour=request.neighbour,
            bound=not self._delays.binding,
        )

    def begin(self, row: int, now: float) -> bool:
        """An attempt begins to run; not so on a node that is silent, or if it was ended before."""
        log = self._log
        node = self.nodes[log.node[row]]
        if log.outcome[row] != AttemptOutcome.OPEN or row in self._dead:
            return False
        if self._breakdowns.silent(node.name):
            self._dead.add(row)
            return False
        log.started[row] = now
        number, unit, incarnation = log.graph[row], log.unit[row], log.incarnation[row]
        seconds = self._times.seconds(number, unit, incarnation, node.node_class)
        if self._transfers.any:
            seconds += self._transfers.seconds(number, unit, log.node[row])
        seconds = self._saved.rest(row, seconds)
        share = self._failures.fails_after(number, unit, incarnation)
        if share is None and self._ending(row).fails(incarnation):
            share = 1.0
        if share is not None:
            self._failing.add(row)
            seconds *= share
        end = now + seconds
        if self._hidden is not None:
            asked = self._submissions[number].classes[self._submissions[number].graph.unit_task[unit]]
            end = self._hidden.ends(log.node[row], asked, now, seconds)
            # Of a very short run late in the simulation, the difference is rounded below what it took.
            log.slowed[row] = max(1.0, (end - now) / seconds) if seconds else 1.0
        self._agenda.add(end, Event.END, row)
        return True

    def end(self, row: int, now: float) -> bool:
        """An attempt comes to its end; not so if it was ended before."""
        if self._log.outcome[row] != AttemptOutcome.OPEN or row in self._dead:
            return False
        log = self._log
        if row not in self._failing and self._transfers.any:
            self._transfers.lies(log.graph[row], log.unit[row], log.node[row])
        self.free(row, AttemptOutcome.FAILED if row in self._failing else AttemptOutcome.SUCCEEDED, now)
        return True

    def free(self, row: int, outcome: AttemptOutcome, now: float) -> None:
        """It is over, and its room is free."""
        if self._log.outcome[row] == AttemptOutcome.OPEN:
            self._log.end(row, outcome, now)
            self._saved.ended(row)
        self._on_node[self._log.node[row]].discard(row)
        self.cluster.vacate(row)
        if self.scraping is not None:
            self.scraping.gone(row)

    def seen(self, row: int, now: float) -> Attempt:
        """What the operator could see of it."""
        log = self._log
        node, outcome = self.nodes[log.node[row]].name, log.outcome[row]
        phase = Phase.RUNNING if log.started[row] == log.started[row] else Phase.PENDING
        if outcome == AttemptOutcome.OPEN:
            return log.seen(row, node, phase, now >= log.placed[row] + self._delays.binding)
        seen = log.seen(row, node, Phase.SUCCEEDED if outcome == AttemptOutcome.SUCCEEDED else Phase.FAILED)
        ending = self._ending(row)
        if ending is NOTHING:
            return seen
        if outcome == AttemptOutcome.SUCCEEDED:
            return replace(seen, results=ending.said(log.round[row]))
        return replace(seen, exit_code=ending.exit_code) if ending.fails(log.incarnation[row]) else seen

    def begin_again(self, number: int, units: IntArray) -> None:
        """Of a graph, by its number, these units run again."""
        self._transfers.begin_again(number, units)
        self._saved.begin_again(number, units)

    def _ending(self, row: int) -> Ending:
        submission = self._submissions[self._log.graph[row]]
        if not submission.endings:
            return NOTHING
        return submission.endings[int(submission.graph.unit_task[self._log.unit[row]])]

    # Nodes

    def crash(self, number: int, now: float) -> None:
        """A node falls silent, and what is on it will not end by itself."""
        node = self._breakdowns.crash(number, now)
        self._dead |= self._on_node[self._number[node]]

    def notice(self, number: int, now: float) -> None:
        """It is called not ready, if it is still silent."""
        self._breakdowns.notice(number, self.cluster, now)

    def scrape(self, now: float) -> None:
        """Load is measured; of a silent node, nothing."""
        if self.scraping is not None:
            self.scraping.scrape(now, self._breakdowns.silent)

    def lose(self, number: int) -> list[int]:
        """It is given up, if it is still silent; answers the attempts on it whose outcome is open."""
        node = self._breakdowns.lose(number)
        rows = sorted(self._on_node[self._number[node]]) if node is not None else []
        return [row for row in rows if self._log.outcome[row] == AttemptOutcome.OPEN]

    def repair(self, number: int, now: float) -> list[int]:
        """It is back, and what was on it is gone; answers the attempts that had not been given up."""
        node = self._breakdowns.repair(number, self.cluster)
        gone = sorted(self._on_node[self._number[node]] & self._dead)
        missed = [row for row in gone if self._log.outcome[row] == AttemptOutcome.OPEN]
        for row in gone:
            self.free(row, AttemptOutcome.LOST, now)
        return missed

    def untouched(self) -> Cluster:
        """The cluster as it is with no node broken and none of our attempts on it. Raises `SetupError`."""
        cluster = Cluster()
        for node in self.nodes:
            cluster.set_node(node)
        for number, other in enumerate(self._setup.occupied):
            if cluster.row(other.node) is None:
                raise SetupError(f'something occupies node "{other.node}": there is no such node')
            tenant = replace(other.tenant, stake=None)
            cluster.occupy(("occupied", number), other.node, other.resources, other.gpus, tenant)
        return cluster
