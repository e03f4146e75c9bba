"""`bayplan compare`: several policies on one workload, over several seeds."""

from collections.abc import Iterator
from dataclasses import replace

from bayplan.simulation import simulate
from bayplan_operator.cli import exit_codes
from bayplan_operator.cli.compare import CompareOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.compiling import kernels_told
from bayplan_operator.cli.terminal.progress import Progress
from bayplan_operator.cli.text import comparison as comparison_text
from bayplan_operator.cli.work import inputs
from bayplan_operator.views.model.queue_outcome import QueueOutcomes
from bayplan_operator.views.model.simulation import Figures
from bayplan_operator.views.simulations.build import build
from bayplan_operator.views.simulations.statistics import compare, with_queues
from bayplan_operator.workflows import InputError


def run(options: CompareOptions) -> int:
    """Answers the exit code: whether one policy at least has all graphs complete in time, with every seed.

    Raises `InputError` and `SetupError`.
    """
    work = inputs.workload(options.file, options.every, options.repeat)
    there = inputs.there(options)
    inputs.with_jobs(work, options, there)
    inputs.tell_left_out(work, options.strict, learns=options.learn == "yes")
    named = [inputs.policy_named(each) for each in options.policy]
    if len({each.name for each in named}) < len(named):
        raise InputError("--policy names one policy twice: name each once")
    runs: dict[str, list[Figures]] = {}
    outcomes: dict[str, list[QueueOutcomes]] = {}
    variants = list(_variants(named, options.learn))
    steps = len(variants) * len(options.seeds)
    with kernels_told(), Progress("comparing") as told:
        for number, (label, each, learn) in enumerate(variants):
            submissions, policies = inputs.placed_by(each, work.submissions)
            setup = inputs.with_queues(inputs.setup(options, there, policies, learn=learn), work)
            runs[label], outcomes[label] = [], []
            queues = {} if setup.queues is None else setup.queues.queues
            for seed in options.seeds:
                done = number * len(options.seeds) + len(runs[label])
                trace = simulate(
                    submissions,
                    replace(setup, seed=seed),
                    told=lambda part, of_it, done=done: told(done + part / of_it, steps),  # type: ignore[misc]
                )
                built = build(trace, label, seed, setup.run_times, queues)
                runs[label].append(built.figures)
                outcomes[label] += [built.queues] if built.queues else []
    found = compare(runs, options.seeds, len(there.nodes))
    if all(outcomes.values()):
        found = with_queues(found, outcomes)
    output.print_figures(found, options.output, lambda screen: comparison_text.text(found, screen))
    return exit_codes.graphs(fine=any(not row.unmet for row in found.rows))


def _variants(named: list[inputs.Named], learn: str) -> Iterator[tuple[str, inputs.Named, bool]]:
    """What a line is called, its policy, and whether run times are learned."""
    for each in named:
        if learn != "yes":
            yield each.name, each, False
        if learn != "no":
            yield f"{each.name}, learning" if learn == "both" else each.name, each, True
