"""Several programs that could do a task, and how one of them is chosen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool

from .common import Model
from .env import MAX_ARGS, MAX_ENV, EnvVar
from .extensions import kubernetes
from .flow import NOT_STORED, ConditionText, Goal, OutputName
from .pod_template import PodTemplate
from .scalars import Decimal, PlainName, Text

MIN_CANDIDATES, MAX_CANDIDATES = 2, 16
MAX_RULES = 16
DEFAULT_WORTH = 1.0


class TaskCandidate(Model):
    """One program that could do the task."""

    name: PlainName = Field(description="Unique in the task; lower case letters, digits and '-'.")
    template: PodTemplate | None = Field(
        default=None, description="What the pods are made from where this one is chosen, on top of the task's template."
    )
    template_name: str | None = Field(
        default=None, min_length=1, max_length=63, description="Name of one of spec.templates, instead of the task's template."
    )
    args: tuple[Text, ...] = Field(
        default=(),
        max_length=MAX_ARGS,
        description="Arguments of the first container; they replace those of the template. Default: the task's.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    env: tuple[EnvVar, ...] = Field(
        default=(),
        max_length=MAX_ENV,
        description="Environment variables of the first container, added to the task's; the same name replaces.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class ChooseRule(Model):
    """If a condition holds, this candidate."""

    when: ConditionText = Field(
        description='On results of tasks before this one, such as "detect.people >= 10". The first one that holds decides.'
    )
    candidate: PlainName = Field(description="Name of one of the candidates.")


class Choose(Model):
    """How one of the candidates is chosen."""

    by: Literal["Rule", "Performance", "Auction"] = Field(
        description="Rule: the first of rules that holds. Performance: what the pods of earlier graphs of the same family said "
        "of themselves, with its uncertainty. Auction: what that is worth, less what a run costs and how long it waits."
    )
    metric: OutputName | None = Field(
        default=None,
        description='A number that each pod of the task says of itself, such as "accuracy". Not for Rule.',
    )
    goal: Goal = Field(
        default="Maximize",
        description="Whether more of the metric is better or less. Default: Maximize.",
        json_schema_extra=NOT_STORED,
    )
    rules: tuple[ChooseRule, ...] = Field(
        default=(),
        max_length=MAX_RULES,
        description="In their order. Only for Rule.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    default: PlainName | None = Field(
        default=None, description="The candidate where no rule holds. Only for Rule. Default: the first candidate."
    )
    worth: Decimal = Field(
        default=DEFAULT_WORTH,
        description='What one unit of the metric is worth, in the unit of the nodes\' prices, such as "2.5". Only for Auction. '
        "Default: 1.",
        json_schema_extra=NOT_STORED,
    )
    price_per_second: Decimal = Field(
        default=0.0,
        description='The price of a second of waiting for a node, such as "0.01". Only for Auction. Default: 0.',
        json_schema_extra=NOT_STORED,
    )
    retry_failed: StrictBool = Field(
        default=False,
        description="true: a candidate that has failed may be chosen again in a later round. Only with every: Round. "
        "Default: false.",
        json_schema_extra=NOT_STORED,
    )
    every: Literal["Graph", "Round"] = Field(
        default="Graph",
        description="Graph: one choice, kept in all rounds unless it fails. Round: each round chooses again. Default: Graph.",
        json_schema_extra=NOT_STORED,
    )
