"""What the units of submissions ask the decider for."""

from collections.abc import Sequence

from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Request
from bayplan.simulation.submission import Submission


class Requests:
    """Makes the request of a unit as the operator makes it: with what is expected of its task at that time."""

    def __init__(self, submissions: Sequence[Submission], laws: bool = False) -> None:
        """`laws`: what is decided depends on how long units run at most, or how surely."""
        self._submissions, self._laws = submissions, laws
        self.forecast = Expectations(RunTimes(limit=1), self.run_of)
        """What is expected of run times, by what their authors say; where they are learned, another."""
        self._law: dict[tuple[int, int], RunLaw | None] = {}
        """By submission and task, as it is expected now."""
        self._expected: list[Sequence[float]] = []
        """Per submission and task: seconds of a unit; 0: not known."""
        self._critical_path: list[Sequence[float]] = []
        self._named: list[tuple[str, str, float | None]] = []
        """Per submission: namespace, name and deadline."""
        for each in submissions:
            tasks = each.graph.tasks
            self._critical_path.append(each.graph.upward_rank().tolist() if len(tasks) > 1 else [tasks[0].duration])
            self._expected.append([task.duration for task in tasks] if each.expected is None else each.expected.tolist())
            namespace, _, name = each.name.rpartition("/")
            self._named.append((namespace, name, None if each.deadline is None else each.at + each.deadline))

    def expect(self, number: int, expected: Sequence[float], critical_path: Sequence[float]) -> None:
        """From now on, this is expected of the tasks of a submission: seconds of one unit (0: not known), and from its start to
        the end of the graph."""
        self._expected[number], self._critical_path[number] = expected, critical_path
        for task in range(len(expected)):
            self._law.pop((number, task), None)

    def expected(self, number: int, unit: int) -> float:
        """Seconds that a unit is expected to run by now; 0: not known."""
        return self._expected[number][self.task(number, unit)]

    def run(self, number: int, task: int) -> TaskRun:
        """Under what the run time of a task is learned, and what its author says of it."""
        submission = self._submissions[number]
        if submission.runs:
            return submission.runs[task]
        given = submission.graph.tasks[task].duration if submission.expected is None else float(submission.expected[task])
        return TaskRun(f"{self._named[number][1]}/{submission.graph.tasks[task].name}", hint=given if given > 0 else None)

    def run_of(self, request: Request) -> TaskRun:
        """The same of a request that was made here."""
        number, unit = int(str(request.graph)), request.unit or 0
        return self.run(number, self.task(number, unit))

    def task(self, number: int, unit: int) -> int:
        """The task of a unit."""
        graph = self._submissions[number].graph
        return 0 if graph.units == 1 else int(graph.unit_task[unit])

    def make(self, number: int, unit: int, since: float) -> Request:
        """The request of a unit that can start since an instant, in seconds."""
        submission, task = self._submissions[number], self.task(number, unit)
        namespace, name, deadline = self._named[number]
        run = submission.runs[task] if submission.runs else None
        full = f"{name}/{submission.graph.tasks[task].name}"
        return Request(
            id=(number, unit),
            request_class=submission.request_class(unit) if submission.own_classes else submission.classes[task],
            priority=submission.priority,
            critical_path=self._critical_path[number][task],
            arrival=(submission.at, number),
            task=full if run is None else f"{run.family}/{run.task}",
            name="" if run is None else full,
            deadline=deadline,
            duration=self._expected[number][task],
            graph=number,
            unit=unit,
            namespace=namespace,
            queue=submission.queue,
            since=since,
            neighbour=submission.neighbour(unit),
            run=self._run_law(number, task) if self._laws else None,
        )

    def _run_law(self, number: int, task: int) -> RunLaw | None:
        """As the operator has it, where the submission does not say."""
        given = self._submissions[number].laws
        if given:
            return given[task]
        key = number, task
        if key not in self._law:
            self._law[key] = self.forecast.law(self.run(number, task))
        return self._law[key]
