"""The loop: events of one instant, then what the operator would do about them."""

from collections.abc import Callable, Sequence

from bayplan.admission.line.whole import LineUnit
from bayplan.simulation.dividing import Divider
from bayplan.simulation.results import trace
from bayplan.simulation.setup import Setup, SetupError
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import Trace
from bayplan.simulation.world import World

_TELL_EVERY = 2_000


def silent(done: int, all_of_them: int) -> None:
    """Tells nothing of how far the simulation is: the default."""


def simulate(
    submissions: Sequence[Submission],
    setup: Setup,
    *,
    shortcuts: bool = True,
    told: Callable[[int, int], None] = silent,
) -> Trace:
    """Run the graphs on the virtual cluster until all have ended, nothing can happen any more, or it is `setup.until`.

    The same arguments give the same trace. `shortcuts`: spare questions to the state machine and the engine whose
    answers are known; without them the trace is the same, later. `told` hears now and then how many of the units have
    ended. Raises `SetupError`.
    """
    world = _world(submissions, setup, shortcuts)
    while not world.over and (now := world.agenda.next_at) is not None and now <= setup.until:
        world.tick(now)
        if world.ticks % _TELL_EVERY == 0:
            told(world.conductor.done, world.conductor.units)
    told(world.conductor.done, world.conductor.units)
    return trace(world)


def first_line(submissions: Sequence[Submission], setup: Setup) -> list[LineUnit]:
    """The line at the instant of the first submission, before anything is placed: what could start, the first first.

    Of each request, `graph` is the number of its submission, by the instant of submission and then by the order given. Raises
    `SetupError`.
    """
    world = _world(submissions, setup, shortcuts=True)
    now = world.agenda.next_at
    return [] if now is None else world.line(now)


def _world(submissions: Sequence[Submission], setup: Setup, shortcuts: bool) -> World:
    ordered = sorted(submissions, key=lambda each: each.at)
    _check(ordered, setup)
    if any(each.splittings for each in ordered):
        divider = Divider(setup)
        ordered = [divider.divided(each) for each in ordered]
    return World(ordered, setup, shortcuts)


def _check(submissions: Sequence[Submission], setup: Setup) -> None:
    if not submissions:
        raise SetupError("there are no graphs: submit at least one")
    names: set[str] = set()
    for each in submissions:
        if each.name in names:
            raise SetupError(f'two graphs have the name "{each.name}": each needs its own')
        names.add(each.name)
        stopped = "" if each.queue is None or setup.queues is None else setup.queues.stopped(each.queue)
        if stopped:
            raise SetupError(f"graph {each.name}: {stopped}")
        if each.policy not in setup.policies:
            known = ", ".join(sorted(setup.policies)) or "none"
            raise SetupError(f'graph {each.name}: policy is "{each.policy}": there is no such policy; there are: {known}')
