"""`bayplan simulate`: run graphs on a virtual cluster."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bayplan.simulation import Policy, Setup, Submission, simulate
from bayplan_operator.cli import exit_codes
from bayplan_operator.cli.simulate import SimulateOptions, SimulationOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.compiling import kernels_told
from bayplan_operator.cli.terminal.progress import Progress
from bayplan_operator.cli.text import simulation as text
from bayplan_operator.cli.work import inputs
from bayplan_operator.views.model.simulation import Simulation
from bayplan_operator.views.simulations.build import build


def run(options: SimulateOptions) -> int:
    """Answers the exit code. Raises `InputError` and `SetupError`."""
    with kernels_told():
        simulation = simulation_of(options, options.file, options.strict)
    output.print_figures(simulation, options.output, lambda screen: text.summary(simulation, screen))
    return exit_codes.graphs(fine=simulation.figures.met)


def simulation_of(options: SimulationOptions, paths: Sequence[Path], strict: bool) -> Simulation:
    """Read the files and simulate. Raises `InputError` and `SetupError`."""
    work = inputs.workload(paths, options.every, options.repeat)
    there = inputs.there(options)
    inputs.with_jobs(work, options, there)
    inputs.tell_left_out(work, strict, learns=options.learn == "yes")
    submissions: list[Submission] = work.submissions
    policies: dict[str, Policy]
    if options.policy:
        submissions, policies = inputs.placed_by(inputs.one_policy(options.policy), submissions)
    else:
        policies = inputs.own_policies(work)
    setup = inputs.with_queues(inputs.setup(options, there, policies, options.seed, options.learn == "yes"), work)
    simulation = simulated(submissions, setup, ", ".join(policies))
    return msgspec.structs.replace(simulation, origin=inputs.origin(options, paths))


def simulated(submissions: list[Submission], setup: Setup, policy: str) -> Simulation:
    """With a bar on a terminal. Raises `SetupError`."""
    with Progress("simulating") as told:
        trace = simulate(submissions, setup, told=told)
    return build(trace, policy, setup.seed, setup.run_times, {} if setup.queues is None else setup.queues.queues)
