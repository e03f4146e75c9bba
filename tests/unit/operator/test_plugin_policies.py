"""Policies that name strategies of another package, and what their status says where it declares wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.translate.policy import InvalidPolicy, compile_policy
from tests.unit.operator.timing import tick
from tests.unit.operator.written import Written

NOW = 1000.0
SOURCE = """
from dataclasses import dataclass
from bayplan.strategy.needs import Need, needs
from bayplan.strategy.plugins import Plugin
from tests.unit.operator.timing import tick

@needs(Need.LOAD)
def calmest(requests, context):
    return [0.0 for _ in requests]

@dataclass(frozen=True)
class Scorer:
    def __call__(self, request, cluster, places, context):
        return places.rows * 0.0

class Idlest(Scorer):
    needs = frozenset({Need.LOAD})

class Former(Scorer):
    uses_load = True

class Misspelt(Scorer):
    needs = {"LAOD"}

PLUGIN = Plugin({"Calmest": calmest}, {"Plain": Scorer, "Idlest": Idlest, "Former": Former, "Misspelt": Misspelt})
"""
FORMER = (
    'scorers[0].name is "Former", which has "uses_load", and that has no effect: declare needs = frozenset({Need.LOAD}) instead'
)
MISSPELT = 'scorers[0].name is "Misspelt", whose needs hold "LAOD", which is no Need: did you mean Need.LOAD?'


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Policies:
    """With the package installed as an installer would leave it."""
    (tmp_path / "calm_nodes.py").write_text(SOURCE, encoding="utf-8")
    about = tmp_path / "calm_nodes-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: calm-nodes\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[bayplan.strategies]\ncalm = calm_nodes:PLUGIN\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Policies(Written())


def told(policies: Policies, spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its conditions."""
    policies.take(
        ("", "p"), {"metadata": {"name": "p", "uid": "u", "generation": 1, "resourceVersion": "1"}, "spec": spec}, NOW
    )
    policies.step(tick(0.0, ()))
    writer = policies._writer
    assert isinstance(writer, Written)
    return {each["type"]: each for each in writer.statuses[-1]["conditions"]}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"scorers": [{"name": "Former"}]}, f"spec.{FORMER}"),
        ({"scorers": [{"name": "Misspelt"}]}, f"spec.{MISSPELT}"),
        (
            {"adaptive": {"candidates": [{"preset": "Spread"}, {"name": "x", "scorers": [{"name": "Misspelt"}]}]}},
            f"spec.adaptive.candidates[1].{MISSPELT}",
        ),
    ],
)
def test_what_a_plugin_declares_wrongly_is_told_in_the_status(policies: Policies, spec: dict[str, Any], said: str) -> None:
    accepted = told(policies, spec)["Accepted"]
    assert (accepted["status"], accepted["reason"], accepted["message"]) == ("False", "Invalid", said)
    assert policies.get("p") is None


@pytest.mark.parametrize(
    ("spec", "goes_by_load"),
    [
        ({"scorers": [{"name": "Plain"}]}, False),
        ({"scorers": [{"name": "Idlest"}]}, True),
        ({"order": ["Calmest"]}, True),
        ({"adaptive": {"candidates": [{"preset": "Spread"}, {"name": "x", "scorers": [{"name": "Idlest"}]}]}}, True),
    ],
)
def test_a_need_of_load_has_the_policy_say_whether_there_is_any(
    policies: Policies, spec: dict[str, Any], goes_by_load: bool
) -> None:
    assert told(policies, spec)["Accepted"]["status"] == "True"
    policy = policies.get("p")
    assert policy is not None
    assert policy.uses_load == goes_by_load


def test_without_the_package_the_name_is_unknown() -> None:
    with pytest.raises(InvalidPolicy, match='is "Idlest", which is unknown'):
        compile_policy({"metadata": {"name": "p"}, "spec": {"scorers": [{"name": "Idlest"}]}})
