"""The documentation names every field that is read or named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bayplan_operator.workflows.argo import known_fields
from bayplan_operator.workflows.argo.known_fields import ArgoType

TEXT = (Path(__file__).parents[3] / "docs/simulation.md").read_text()
SECTION = TEXT[TEXT.index("### Argo Workflows") : TEXT.index("## Nodes\n")]
WORDS = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", SECTION))))
OF_COURSE = {"entrypoint", "templates", "name", "template", "workflowSpec", "tasks", "nodeAffinity", "preemptionPolicy",
             "resourceClaims", "schedulingGroup", "workloadRef"}  # fmt: skip
"""Without them nothing could be read; the rest are fields of a patch that few pods have."""


@pytest.mark.parametrize(
    "kind",
    [
        known_fields.WORKFLOW_SPEC, known_fields.CRON_WORKFLOW_SPEC, known_fields.TEMPLATE, known_fields.TEMPLATE_DEFAULTS,
        known_fields.DAG, known_fields.DAG_TASK, known_fields.WORKFLOW_STEP, known_fields.RETRY_STRATEGY, known_fields.POD_SPEC,
    ],
    ids=lambda kind: kind.name,
)  # fmt: skip
def test_fields_are_documented(kind: ArgoType) -> None:
    named = set(kind.named) | (set(kind.read) if kind is not known_fields.POD_SPEC else set())
    assert named - WORDS - OF_COURSE == set()
