"""`bayplan fuse`: one model of several, one answer of several."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bayplan.collaboration.fusion import METHODS
from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.output import OUTPUT, Output
from bayplan_operator.cli.options.usage import UsageError


def _methods(incomplete: str) -> list[tuple[str, str]]:
    return [(each.name, each.short) for each in METHODS.values() if each.name.lower().startswith(incomplete.lower())]


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """What is fused, how, and where it goes."""

    source: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="models or outputs: .npz, .npy, .safetensors or .json", show_default=False),
    ] = None
    method: Annotated[
        str | None, typer.Option("--method", metavar="NAME", help=f"one of {', '.join(METHODS)}", autocompletion=_methods)
    ] = None
    out: Annotated[
        Path | None, option("--out", metavar="FILE", text="the file to write; the end of its name says the format")
    ] = None
    parameter: Annotated[
        list[str] | None,
        option("--parameter", metavar="NAME=VALUE", text="of the method, such as momentum=0.9; may be repeated"),
    ] = None
    weights: Annotated[
        values.Numbers | None,
        option("--weights", metavar="NUMBERS", parse=values.numbers, text="one for each file, such as 270,271,269"),
    ] = None
    ages: Annotated[
        values.Numbers | None,
        option("--ages", metavar="NUMBERS", parse=values.numbers, text="how many rounds old each model is, for staleness"),
    ] = None
    labels: Annotated[
        Path | None,
        option("--labels", metavar="FILE.json", text="a list of each client's samples by label, for warnings"),
    ] = None
    targets: Annotated[
        Path | None,
        option("--targets", metavar="FILE", text="what would be right on the validation split, for WeightedLeastSquares"),
    ] = None
    reference: Annotated[
        Path | None, option("--reference", metavar="FILE", text="the model of the round before, with which all models began")
    ] = None
    first: Annotated[bool, option("--first", text="there is no round before: answer the average, and begin a state")] = False
    state: Annotated[
        Path | None, option("--state", metavar="FILE", text="what the server kept from the round before; momentum, for example")
    ] = None
    state_out: Annotated[
        Path | None, option("--state-out", metavar="FILE", text="where what the server keeps is written for the next round")
    ] = None
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, show_default=False, help="of the noise, for tests (default: the system's entropy)"),
    ] = None
    task: Annotated[bool, option("--task", text="inside a container of a graph: everything comes from its environment")] = False
    output: Annotated[Output, OUTPUT] = "text"

    def __post_init__(self) -> None:
        """Raise `UsageError` for options that do not go together."""
        if self.task:
            given = [name for name, value in vars(self).items() if value and name not in ("task", "output")]
            if given:
                name = "FILE" if given[0] == "source" else f"--{given[0].replace('_', '-')}"
                raise UsageError(f"--task takes everything from the environment: leave {name} away")
            return
        for name, value in (("--method", self.method), ("--out", self.out), ("FILE", self.source)):
            if not value:
                raise UsageError(f"{name} is missing: say what is fused, how, and where it goes")
        if self.first and (self.reference is not None or self.state is not None):
            raise UsageError("--first says that there is no round before: leave --reference and --state away")


COMMAND = Command(
    "fuse",
    "make one model of several, or one answer of several",
    "Fuse models by averaging, robust aggregation or consensus, and outputs by means, votes or least squares.\n\n"
    "Files are checked before anything is computed, and read in chunks. Needs no cluster.",
    FuseOptions,
)
