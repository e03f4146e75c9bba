"""`bayplan compare`: several policies on one workload, over several seeds."""

from dataclasses import dataclass
from typing import Annotated, Literal

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.learning import LEARN_BOTH
from bayplan_operator.cli.options.output import OUTPUT, Output
from bayplan_operator.cli.options.simulation import POLICIES, FileOptions, LuckOptions, NodeOptions, TraceOptions
from bayplan_operator.cli.options.values import FIRST_SEED, Seeds


@dataclass(frozen=True, kw_only=True)
class CompareOptions(LuckOptions, TraceOptions, NodeOptions, FileOptions):
    """What is compared, on which work."""

    policy: Annotated[list[str], POLICIES]
    learn: Annotated[Literal["no", "yes", "both"], LEARN_BOTH] = "no"
    seeds: Annotated[
        Seeds, option("--seeds", metavar="1-10", parse=values.seeds, text="seeds such as 1-10 or 1,4,9 (default: 0)")
    ] = FIRST_SEED
    output: Annotated[Output, OUTPUT] = "text"


COMMAND = Command(
    "compare",
    "compare policies on one workload, with confidence intervals",
    "Simulate one workload under several policies and seeds.\n\n"
    "All policies meet the same luck, so that differences are taken in pairs.",
    CompareOptions,
)
