"""A task that makes one out of what the tasks before it have made: of outputs, or of models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .common import Model
from .flow import NOT_STORED, OutputName
from .placement_policy import Parameters
from .scalars import PlainName

FuseMethod = Literal[
    "Mean", "WeightedMean", "WeightedLeastSquares", "MajorityVote", "SoftVote", "LogOdds", "SoftTargets",
    "FedAvg", "FedAvgM", "FedAdam", "FedYogi", "Median", "TrimmedMean", "Krum", "MultiKrum", "Consensus",
]  # fmt: skip
FileName = Annotated[str, Field(min_length=1, max_length=100, pattern="^[A-Za-z0-9][-A-Za-z0-9_.]*$")]
"""Of a file in a folder of outputs."""


class Fuse(Model):
    """How the outputs or models of the tasks before are fused. The pod runs the operator's own image."""

    method: FuseMethod = Field(description="docs/fusion.md says what each does and needs.")
    weight_by: OutputName | None = Field(
        default=None,
        description='A number that each input says of itself, by which it counts, such as "samples". Default: all count alike.',
    )
    from_: FileName = Field(
        default="weights.npz",
        alias="from",
        description="The file in each input's folder of outputs: .npz, .npy, .json or .safetensors. Default: weights.npz.",
        json_schema_extra=NOT_STORED,
    )
    to: FileName | None = Field(
        default=None, description="The file that is written into this task's folder of outputs. Default: the name in from."
    )
    reference: PlainName | None = Field(
        default=None,
        description="A task in dependsOn that has made the model with which the first round begins, in the file that "
        "from names. It is no input. Default: none; then methods with a memory begin with the plain average.",
    )
    parameters: Parameters = Field(default=(), description='Parameters of the method, such as {name: momentum, value: "0.9"}.')
