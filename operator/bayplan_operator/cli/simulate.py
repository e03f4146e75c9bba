"""`bayplan simulate`: run graphs on a virtual cluster."""

from dataclasses import dataclass
from typing import Annotated, Literal

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.learning import LEARN
from bayplan_operator.cli.options.output import OUTPUT, Output
from bayplan_operator.cli.options.simulation import POLICY, FileOptions, LuckOptions, NodeOptions, TraceOptions


@dataclass(frozen=True, kw_only=True)
class SimulationOptions(LuckOptions, TraceOptions, NodeOptions):
    """What one simulation needs beside its graphs."""

    policy: Annotated[list[str] | None, POLICY] = None
    learn: Annotated[Literal["no", "yes"], LEARN] = "no"
    seed: Annotated[
        int, option("--seed", metavar="SEED", parse=values.seed, text="what all luck is drawn from (default: 0)")
    ] = 0


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(SimulationOptions, FileOptions):
    """What is simulated, and what is printed."""

    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "simulate",
    "run graphs and job traces on a virtual cluster, with failures and noise",
    "Run graphs on a virtual cluster: the operator's own decisions, a virtual clock.\n\n"
    "A file whose name ends in .swf or .csv is a trace of jobs, each of them a graph of one task.\n\nNeeds no cluster.",
    SimulateOptions,
)
