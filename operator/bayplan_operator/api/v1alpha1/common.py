"""What the kinds share: the base model, metadata, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from .extensions import kubernetes
from .scalars import Text, Time

GROUP = "bayplan.dev"
VERSION = "v1alpha1"


class Model(BaseModel):
    """A frozen part of a kind: camelCase outside, snake_case inside.

    Unknown fields are ignored: the API server has pruned them, and an older operator must be able to read what a
    newer CRD stores.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    def dump(self) -> dict[str, Any]:
        """The JSON object that the API server expects; what is not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ObjectMeta(Model):
    """The fields of `metadata` that Bayplan reads."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: Mapping[str, str] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)


class Condition(Model):
    """One aspect of an object's state, as `kubectl wait --for=condition=TYPE` reads it."""

    type: str = Field(max_length=316, description="Name of the condition, such as Accepted.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether the condition holds.")
    reason: str = Field(min_length=1, max_length=1024, description="Why, as one word in CamelCase, for programs.")
    message: Text = Field(default="", description="Why, as a sentence for the reader.")
    last_transition_time: Time = Field(description="When `status` last changed.")
    observed_generation: int | None = Field(
        default=None,
        ge=0,
        description="The metadata.generation that this was said about; an older one is out of date.",
    )


Conditions = Annotated[
    tuple[Condition, ...],
    Field(max_length=16, json_schema_extra=kubernetes(list_type="map", list_map_keys=["type"])),
]
