"""Which request is where so far, and what is left: one packing, with undo."""

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.assignment.device_packing import pack_devices
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, Problem, Solution

Devices = tuple[int, ...]


class PackingState:
    """Nothing is ever over-committed: what does not fit is refused. Every change can be undone, the last first.

    Whole GPUs are the first that are free; a fraction comes from the tightest GPU that holds it, of equals the first.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.assignment: IntArray = np.full(problem.requests, NONE, np.int64)
        """Shape (requests,): the node, -1 if it waits."""
        self.free = problem.free.copy()
        """Shape (nodes, resources)."""
        self.gpu_free = problem.gpu_free.copy()
        """Shape (nodes, slots)."""
        self._devices: list[Devices] = [()] * problem.requests
        self._log: list[tuple[int, int, Devices, int]] = []

    @property
    def value(self) -> float:
        """The sum of the values of what is placed."""
        placed = np.flatnonzero(self.assignment >= 0)
        return float(self.problem.value[placed, self.assignment[placed]].sum())

    def fits(self, request: int) -> BoolArray:
        """Per node: the request is allowed there, and there is room. O(nodes x (resources + slots))."""
        problem = self.problem
        asked = np.flatnonzero(problem.demand[request])
        fitting = problem.value[request] > FORBIDDEN
        fitting &= (self.free[:, asked] >= problem.demand[request, asked]).all(axis=1)
        if problem.gpu_count[request]:
            enough = self.gpu_free >= problem.gpu_thousandths[request]
            fitting &= enough.sum(axis=1) >= problem.gpu_count[request]
        return np.asarray(fitting)

    def place(self, request: int, node: int, devices: Devices | None = None) -> bool:
        """Place a waiting request if it may go there and fits; whether it was. `devices`: on these GPUs and no others."""
        problem = self.problem
        if self.assignment[request] >= 0 or problem.value[request, node] == FORBIDDEN:
            return False
        if (self.free[node] < problem.demand[request]).any():
            return False
        chosen = self._choose(request, node) if devices is None else devices
        part = problem.gpu_thousandths[request]
        if len(chosen) < problem.gpu_count[request] or any(self.gpu_free[node, device] < part for device in chosen):
            return False
        self._apply(request, node, chosen, 1)
        self._log.append((request, node, chosen, 1))
        return True

    def remove(self, request: int) -> None:
        """Take a placed request off its node."""
        node, devices = int(self.assignment[request]), self._devices[request]
        self._apply(request, node, devices, -1)
        self._log.append((request, node, devices, -1))

    def devices(self, request: int) -> Devices:
        """The GPUs of a placed request."""
        return self._devices[request]

    def mark(self) -> int:
        """How things stand, to be handed to `undo`."""
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Take back every change since the mark."""
        while len(self._log) > mark:
            request, node, devices, sign = self._log.pop()
            self._apply(request, node, devices, -sign)

    def copy(self) -> "PackingState":
        """The same packing, with nothing to undo."""
        made = PackingState(self.problem)
        made.assignment, made.free, made.gpu_free = self.assignment.copy(), self.free.copy(), self.gpu_free.copy()
        made._devices = list(self._devices)
        return made

    def whole_gangs(self) -> bool:
        """Whether no gang is placed in part."""
        members = self.problem.gang >= 0
        gangs, placed = self.problem.gang[members], self.assignment[members] >= 0
        return not np.intersect1d(gangs[placed], gangs[~placed]).size

    def solution(self, bound: float | None = None, finished: bool = True, note: str = "") -> Solution:
        """This packing as an answer without prices."""
        devices = np.full(self.problem.requests, NONE, np.int64)
        parts = (self.problem.gpu_count == 1) & (self.problem.gpu_thousandths < WHOLE) & (self.assignment >= 0)
        for request in np.flatnonzero(parts).tolist():
            devices[request] = self._devices[request][0]
        return Solution(self.assignment.copy(), devices, self.value, bound, None, finished, note)

    def _choose(self, request: int, node: int) -> Devices:
        count, part = int(self.problem.gpu_count[request]), int(self.problem.gpu_thousandths[request])
        if not count:
            return ()
        left = self.gpu_free[node]
        fitting = np.flatnonzero(left >= part)
        if part == WHOLE or not len(fitting):
            return tuple(fitting[:count].tolist())
        return (int(fitting[np.argmin(left[fitting])]),)

    def _apply(self, request: int, node: int, devices: Devices, sign: int) -> None:
        self.free[node] -= sign * self.problem.demand[request]
        for device in devices:
            self.gpu_free[node, device] -= sign * self.problem.gpu_thousandths[request]
        placed = sign > 0
        self.assignment[request] = node if placed else NONE
        self._devices[request] = devices if placed else ()


class StartError(ValueError):
    """The start does not fit, or no GPUs were found for it; the message names the request."""


def started(problem: Problem, start: IntArray) -> PackingState:
    """The packing that an assignment means, GPUs found for it. Raises `StartError` if it does not fit or splits a gang."""
    if start.shape != (problem.requests,):
        raise StartError(f"start has shape {start.shape}: it must be ({problem.requests},)")
    wrong = np.flatnonzero((start < NONE) | (start >= problem.nodes))
    if len(wrong):
        raise StartError(f"start[{wrong[0]}] is {start[wrong[0]]}: it must be a node from 0 to {problem.nodes - 1}, or -1")
    state, refused = fitted(problem, start)
    if refused:
        raise StartError(f"start[{refused[0]}] is {start[refused[0]]}: the request does not fit there, or must not go there")
    if not state.whole_gangs():
        raise StartError("start places some of a gang only: it must place all of them or none")
    return state


def fitted(problem: Problem, assignment: IntArray) -> tuple[PackingState, list[int]]:
    """As much of an assignment as fits, node by node, GPUs found for it; and the requests that do not."""
    state = PackingState(problem)
    refused = []
    for request in np.flatnonzero((assignment >= 0) & (problem.gpu_count == 0)).tolist():
        if not state.place(request, int(assignment[request])):
            refused.append(request)
    with_gpus = np.flatnonzero((assignment >= 0) & (problem.gpu_count > 0))
    for node in np.unique(assignment[with_gpus]).tolist():
        members = with_gpus[assignment[with_gpus] == node]
        members = members[np.argsort(-problem.gpu_thousandths[members] * problem.gpu_count[members], kind="stable")]
        found = pack_devices(problem.gpu_count[members], problem.gpu_thousandths[members], problem.gpu_free[node])
        for number, request in enumerate(members.tolist()):
            if not state.place(request, node, None if found is None else found[number]):
                refused.append(request)
    return state, refused
