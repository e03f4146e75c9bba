"""`bayplan plan`: what would happen to a graph now."""

import asyncio
from dataclasses import replace

import msgspec

from bayplan_operator.cli import exit_codes
from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.compiling import kernels_told
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.cli.work import inputs
from bayplan_operator.cli.work.simulate import simulated
from bayplan_operator.views.cluster import ClusterView
from bayplan_operator.views.simulations.outlook import with_outlooks
from bayplan_operator.views.simulations.shards import with_advice


def run(options: PlanOptions) -> int:
    """Answers the exit code. Raises `InputError`, `SetupError` and `ApiError`."""
    work = inputs.workload(options.file)
    inputs.without_jobs(work)
    inputs.tell_left_out(work, options.strict)
    there = _current(options) if options.nodes is None else inputs.there(options)
    submissions = [there.with_rounds(replace(each, at=0.0)) for each in work.submissions]
    if options.policy:
        submissions, policies = inputs.placed_by(inputs.one_policy(options.policy), submissions)
    else:
        policies = inputs.own_policies(work, there.policies)
    setup = inputs.with_queues(inputs.setup(options, there, policies), work)
    with kernels_told():
        simulation = with_advice(simulated(submissions, setup, ", ".join(policies)), submissions, setup)
        simulation = with_outlooks(simulation, submissions, setup)
    simulation = msgspec.structs.replace(simulation, origin=inputs.origin(options, options.file))
    output.print_figures(simulation, options.output, lambda screen: text.plan(simulation, screen))
    return exit_codes.graphs(fine=simulation.figures.met)


def _current(options: PlanOptions) -> ClusterView:
    # A plan for the nodes of a file needs no client.
    from bayplan_operator.cli.cluster.current import read_cluster

    return asyncio.run(read_cluster(options))
