"""`bayplan plan`: what would happen to a graph now."""

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from bayplan.simulation import Divider, Setup, Submission
from bayplan_operator.cli.cluster.current import read_cluster
from bayplan_operator.cli.options import workload as options
from bayplan_operator.cli.simulate import simulated
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.views.simulations.model import Simulation
from bayplan_operator.views.simulations.outlook import outlooks
from bayplan_operator.views.simulations.shards import with_advice
from bayplan_operator.workflows import InputError


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "plan",
        help="show what would happen to a graph now: order, nodes, times, critical path",
        description="What would happen if the graphs were submitted now, all at once: on the nodes of a file, or on the "
        "current cluster beside the pods that run there. Nothing is created.",
    )
    options.add_workload(parser)
    options.add_policy(parser)
    parser.add_argument("--kubeconfig", type=Path, help="where --nodes is not given: default, the usual kubeconfig")
    parser.add_argument("--output", "-o", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    work = options.workload(arguments)
    output.warn(work.left_out)
    there = asyncio.run(read_cluster(arguments.kubeconfig)) if arguments.nodes is None else options.there(arguments)
    submissions = [replace(each, at=0.0) for each in work.submissions]
    if arguments.policy:
        if len(arguments.policy) > 1:
            raise InputError("--policy is given more than once: to look at several policies, take bayplan compare")
        submissions, policies = options.placed_by(options.policy_named(arguments.policy[0]), submissions)
    else:
        policies = options.own_policies(work, there.policies)
    setup = options.setup(arguments, there, policies)
    simulation = with_advice(simulated(submissions, setup, ", ".join(policies)), submissions, setup)
    simulation = _with_outlooks(simulation, submissions, setup)
    if arguments.output == "json":
        output.print_json(simulation)
    else:
        output.print_text(text.plan(simulation, output.width(), output.paint()))
    return 0


def _with_outlooks(simulation: Simulation, submissions: list[Submission], setup: Setup) -> Simulation:
    divider = Divider(setup)
    found = outlooks([divider.divided(each) for each in submissions], setup)
    graphs = tuple(msgspec.structs.replace(graph, outlook=found[graph.name]) for graph in simulation.graphs)
    return msgspec.structs.replace(simulation, graphs=graphs)
