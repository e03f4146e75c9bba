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
from bayplan_operator.views.model.line import LineView
from bayplan_operator.views.simulations.line import among_themselves, with_places
from bayplan_operator.views.simulations.outlook import with_outlooks
from bayplan_operator.views.simulations.shards import with_advice

if TYPE_CHECKING:
    from bayplan_operator.cli.cluster.current import Current


def run(options: PlanOptions) -> int:
    """Answers the exit code. Raises `InputError`, `SetupError` and `ApiError`."""
    if options.preempt:
        # A plan without it needs none of what the operator is made of.
        from bayplan_operator.cli.work.evictions.run import run as evictions

        return evictions(options)
    work = inputs.workload(options.file)
    inputs.without_jobs(work)
    inputs.tell_left_out(work, options.strict)
    current = _current(options) if options.nodes is None else None
    there = inputs.there(options) if current is None else current.view
    submissions = [there.with_rounds(replace(each, at=0.0)) for each in work.submissions]
    if options.policy:
        submissions, policies = inputs.placed_by(inputs.one_policy(options.policy), submissions)
    else:
        policies = inputs.own_policies(work, there.policies)
    setup = inputs.with_queues(inputs.setup(options, there, policies), work, options.queue_half_life)
    with kernels_told():
        simulation = with_advice(simulated(submissions, setup, ", ".join(policies)), submissions, setup)
        simulation = with_outlooks(simulation, submissions, setup)
        if current is not None:
            simulation = with_places(simulation, _places(options, current))
        elif len(submissions) > 1:
            simulation = with_places(simulation, among_themselves(simulation, first_line(submissions, setup)))
    simulation = msgspec.structs.replace(simulation, origin=inputs.origin(options, options.file))
    output.print_figures(simulation, options.output, lambda screen: text.plan(simulation, screen))
    return exit_codes.graphs(fine=simulation.figures.met)


def _current(options: PlanOptions) -> "Current":
    # A plan for the nodes of a file needs no client.
    from bayplan_operator.cli.cluster.current import read_cluster

    return asyncio.run(read_cluster(options))


def _places(options: PlanOptions, current: "Current") -> dict[str, LineView]:
    # As above: this is what the operator is made of.
    from bayplan_operator.cli.work.evictions.places import places

    found, notes = places(options, current, time.time())
    output.warn(notes)
    return found
