"""What stands beside the code: citation, hooks before a commit, templates of issues."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TEMPLATES = sorted(path.name for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")


def loaded(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_citation_and_the_chart_are_of_this_version() -> None:
    citation, chart = loaded("CITATION.cff"), loaded("charts/bayplan/Chart.yaml")
    assert citation["version"] == chart["version"] == chart["appVersion"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Source"]


def test_the_hooks_run_the_linters_of_make_lint() -> None:
    """In the same words, but for what says how files are named."""
    recipe = re.search(r"^lint: .*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    linted = {line.strip().replace("$(BIN)", ".venv/bin").replace(" --check .", "").removesuffix(" .") for line in
              recipe[1].splitlines()}  # fmt: skip
    hooked = {hook["entry"].removesuffix(" --force-exclude") for repo in loaded(".pre-commit-config.yaml")["repos"]
              for hook in repo["hooks"]}  # fmt: skip
    assert hooked == linted


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_of_issues_asks_each_thing_once(name: str) -> None:
    template = loaded(f".github/ISSUE_TEMPLATE/{name}")
    assert template["name"]
    assert template["description"]
    ids = [each["id"] for each in template["body"]]
    assert ids == list(dict.fromkeys(ids))
    assert all(each["type"] in ("input", "textarea") and each["attributes"]["label"] for each in template["body"])
