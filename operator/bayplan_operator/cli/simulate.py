"""`bayplan simulate`: run graphs on a virtual cluster."""

import argparse
from typing import Any

from bayplan.simulation import Policy, Setup, Submission, simulate
from bayplan_operator.cli.options import workload as options
from bayplan_operator.cli.options.values import seed
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.progress import Progress
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.views.simulations.build import build
from bayplan_operator.views.simulations.model import Simulation
from bayplan_operator.workflows import InputError


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "simulate",
        help="run graphs on a virtual cluster, with failures and noise",
        description="Run graphs on a virtual cluster: the operator's own decisions, a virtual clock. Needs no cluster.",
    )
    add_arguments(parser)
    parser.add_argument("--output", "-o", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=_run)


def add_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """What a simulation needs."""
    options.add_workload(parser, required=required)
    options.add_policy(parser)
    options.add_luck(parser)
    options.add_learning(parser)
    parser.add_argument("--seed", type=seed, default=0, help="what all luck is drawn from (default: %(default)s)")


def run(arguments: argparse.Namespace) -> Simulation:
    """Read the files and simulate. Raises `InputError` and `SetupError`."""
    work = options.workload(arguments)
    output.warn(work.left_out)
    there = options.there(arguments)
    submissions: list[Submission] = work.submissions
    policies: dict[str, Policy]
    if arguments.policy:
        submissions, policies = options.placed_by(options.policy_named(_one(arguments.policy)), submissions)
    else:
        policies = options.own_policies(work)
    setup = options.setup(arguments, there, policies, arguments.seed)
    return simulated(submissions, setup, ", ".join(policies))


def simulated(submissions: list[Submission], setup: Setup, policy: str) -> Simulation:
    """With a bar on a terminal. Raises `SetupError`."""
    with Progress("simulating") as told:
        trace = simulate(submissions, setup, told=told)
    return build(trace, policy, setup.seed, setup.run_times)


def _one(policies: list[str]) -> str:
    if len(policies) > 1:
        raise InputError("--policy is given more than once: to look at several policies, take bayplan compare")
    return policies[0]


def _run(arguments: argparse.Namespace) -> int:
    simulation = run(arguments)
    if arguments.output == "json":
        output.print_json(simulation)
    else:
        output.print_text(text.summary(simulation, output.width(), output.paint()))
    return 0
