"""`bayplan plan`: what would happen to a graph now."""

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bayplan.simulation import first_line
from bayplan_operator.cli import exit_codes
from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.compiling import kernels_told
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.cli.work import inputs
from bayplan_operator.cli.work.simulate import simulated
from bayplan_operator.views.model.simulation import Simulation
from bayplan_operator.views.simulations.line import among_themselves, with_places
from bayplan_operator.views.simulations.outlook import with_outlooks
from bayplan_operator.views.simulations.shards import with_advice
from bayplan_operator.workflows import Workload

if TYPE_CHECKING:
    from bayplan_operator.cli.work.current import CurrentCluster


def run(options: PlanOptions) -> int:
    """Answers the exit code. Raises `InputError`, `SetupError` and `ApiError`."""
    if options.preempt:
        # A plan without it needs none of what the operator is made of.
        from bayplan_operator.cli.work.preempt.run import run as evictions

        return evictions(options)
    work = inputs.workload(options.file, other_queues=options.nodes is None)
    inputs.without_jobs(work)
    simulation = planned(options, work, _current(options) if options.nodes is None else None)
    simulation = msgspec.structs.replace(simulation, origin=inputs.origin(options, options.file))
    output.print_figures(simulation, options.output, lambda screen: text.plan(simulation, screen))
    return exit_codes.graphs(fine=simulation.figures.met)


def planned(options: PlanOptions, work: Workload, current: "CurrentCluster | None") -> Simulation:
    """What would happen on a cluster; `None`: on the nodes of the options. Raises `InputError` and `SetupError`."""
    if current is not None:
        work.left_out += current.name_queues(work.submissions)
    inputs.tell_left_out(work, options.strict)
    there = inputs.there(options) if current is None else current.view
    submissions = [there.with_rounds(replace(each, at=0.0)) for each in work.submissions]
    if options.policy:
        submissions, policies = inputs.placed_by(inputs.one_policy(options.policy), submissions)
    else:
        policies = inputs.own_policies(work, there.policies)
    setup = inputs.setup(options, there, policies)
    setup = inputs.with_queues(setup, work, options.queue_half_life) if current is None else current.with_queues(setup)
    with kernels_told():
        simulation = with_advice(simulated(submissions, setup, ", ".join(policies)), submissions, setup)
        simulation = with_outlooks(simulation, submissions, setup)
        if current is not None:
            found, notes = current.places()
            output.warn(notes)
            simulation = with_places(simulation, found)
        elif len(submissions) > 1:
            simulation = with_places(simulation, among_themselves(simulation, first_line(submissions, setup)))
    return simulation


def _current(options: PlanOptions) -> "CurrentCluster":
    # A plan for the nodes of a file needs no client, and none of what the operator is made of.
    from bayplan_operator.cli.work.current import CurrentCluster, read_current

    return CurrentCluster(options, asyncio.run(read_current(options)), time.time())
