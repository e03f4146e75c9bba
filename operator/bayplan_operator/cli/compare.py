"""`bayplan compare`: several policies on one workload, over several seeds."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bayplan.simulation import simulate
from bayplan_operator.cli.options import workload as options
from bayplan_operator.cli.options.values import seeds
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.terminal.progress import Progress
from bayplan_operator.cli.text import comparison as comparison_text
from bayplan_operator.views.simulations.build import build
from bayplan_operator.views.simulations.model import Figures
from bayplan_operator.views.simulations.statistics import compare
from bayplan_operator.workflows import InputError


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare",
        help="compare policies on one workload, with confidence intervals",
        description="Simulate one workload under several policies and seeds. All policies meet the same luck, so that "
        "differences are taken in pairs.",
    )
    options.add_workload(parser)
    options.add_policy(parser, several=True)
    options.add_luck(parser)
    options.add_learning(parser, both=True)
    parser.add_argument("--seeds", type=seeds, default=[0], metavar="1-10", help="seeds such as 1-10 or 1,4,9 (default: 0)")
    parser.add_argument("--output", "-o", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    work = options.workload(arguments)
    output.warn(work.left_out)
    there = options.there(arguments)
    named = [options.policy_named(each) for each in arguments.policy]
    if len({each.name for each in named}) < len(named):
        raise InputError("--policy names one policy twice: name each once")
    runs: dict[str, list[Figures]] = {}
    variants = list(_variants(named, arguments.learn))
    steps = len(variants) * len(arguments.seeds)
    with Progress("comparing") as told:
        for number, (label, each, learn) in enumerate(variants):
            submissions, policies = options.placed_by(each, work.submissions)
            setup = replace(options.setup(arguments, there, policies), learn=learn)
            runs[label] = []
            for seed in arguments.seeds:
                done = number * len(arguments.seeds) + len(runs[label])
                trace = simulate(
                    submissions,
                    replace(setup, seed=seed),
                    told=lambda part, of_it, done=done: told(done + part / of_it, steps),  # type: ignore[misc]
                )
                runs[label].append(build(trace, label, seed, setup.run_times).figures)
    found = compare(runs, arguments.seeds, len(there.nodes))
    if arguments.output == "json":
        output.print_json(found)
    else:
        output.print_text(comparison_text.text(found, output.width(), output.paint()))
    return 0


def _variants(named: list[options.Named], learn: str) -> Iterator[tuple[str, options.Named, bool]]:
    """What a line is called, its policy, and whether run times are learned."""
    for each in named:
        if learn != "yes":
            yield each.name, each, False
        if learn != "no":
            yield f"{each.name}, learning" if learn == "both" else each.name, each, True
