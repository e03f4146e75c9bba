"""What `bench.collaboration` shows, on few seeds and with fewer rounds where that is enough to see a broken method."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import mean

import pytest

from bench import collaboration
from bench.collaborating import ensembles, federation
from bench.collaborating.row import Row
from examples.collaboration import digits

SEEDS = (11, 12)


def accuracies(rows: Iterable[Row]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        found.setdefault((row.method, row.model), []).append(row.accuracy)
    return {key: mean(values) for key, values in found.items()}


def over_rounds(kind: str, method: federation.Method, seed: int, *rounds: int, lost: bool = False) -> list[float]:
    part, test = digits.load()
    clients = [digits.of_two_digits(part, client) for client in range(federation.CLIENTS)]
    return federation.run(
        federation.Federation(kind, seed, clients, method),
        test,
        rounds,
        (lambda round_: round_ % 5) if lost else lambda _: None,
    )


def test_five_clients_with_two_digits_each_learn_all_ten() -> None:
    """No client can tell more than two of ten digits apart by itself: 20 %."""
    assert mean(over_rounds("softmax", federation.FED_AVG_M, seed, 50)[0] for seed in SEEDS) >= 0.96


def test_momentum_is_ahead_of_plain_averages() -> None:
    assert (
        over_rounds("softmax", federation.FED_AVG_M, 11, 40)[0] >= over_rounds("softmax", federation.FED_AVG, 11, 40)[0] + 0.005
    )


def test_a_client_lost_in_every_round_costs_little() -> None:
    assert mean(over_rounds("softmax", federation.FED_AVG_M, 11, 47, 48, 49, 50, lost=True)) >= 0.94


def test_adam_at_the_server_teaches_a_network() -> None:
    early, late = over_rounds("mlp", federation.FED_ADAM, 11, 4, 30)
    assert late >= 0.9
    assert late >= early + 0.1


def test_krum_forgets_what_only_few_clients_know() -> None:
    assert over_rounds("softmax", federation.KRUM, 11, 4)[0] == pytest.approx(0.2, abs=0.01)


def test_one_attacker_ruins_the_average_and_no_robust_aggregate() -> None:
    found = accuracies(federation.attacked(11, rounds=15))
    assert found["FedAvg", "softmax"] <= 0.12
    assert min(found[name, "softmax"] for name in ("median", "trimmed mean")) >= 0.93


def test_equal_members_are_better_together() -> None:
    found = accuracies(row for seed in SEEDS for row in ensembles.equal(seed))
    assert min(found["mean", "all"], found["vote", "all"]) >= found["best member", "best"]


def test_of_unequal_members_only_solved_weights_beat_the_best() -> None:
    found = accuracies(row for seed in SEEDS for row in ensembles.unequal(seed))
    assert found["WLS", "all"] >= found["best member", "best"] > max(found["mean", "all"], found["vote", "all"])


def test_a_student_without_labels_is_better_than_one_with_few() -> None:
    found = accuracies(ensembles.distilled(11))
    assert found["student", "MLP-16"] >= 0.945
    assert found["student", "MLP-16"] >= found["100 hard labels", "MLP-16"] + 0.03


@pytest.mark.parametrize(("alpha", "steps"), [(0.1, 93), (0.25, 30), (0.4, 13), (0.5, 1)])
def test_consensus_takes_the_steps_that_its_eigenvalue_says(alpha: float, steps: int) -> None:
    """Two models differ by |1 - 2α| times as much after each step."""
    assert ensembles.steps(alpha) == steps


def test_the_same_seed_gives_the_same_figures() -> None:
    assert list(federation.attacked(5, rounds=2)) == list(federation.attacked(5, rounds=2))
    assert list(federation.attacked(5, rounds=2)) != list(federation.attacked(6, rounds=2))


def test_all_figures_are_written_as_csv_and_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written, figures = tmp_path / "figures.csv", tmp_path / "figures.json"
    named = ["--experiment", "central", "--seeds", "3-4", "--jobs", "2", "--out", str(written), "--json", str(figures)]
    monkeypatch.setattr("sys.argv", ["bench.collaboration", *named])
    assert collaboration.main() == 0
    with written.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["experiment", "method", "model", "seed", "accuracy"]
    assert [(row["model"], row["seed"]) for row in rows] == [("softmax", "3"), ("MLP", "3"), ("softmax", "4"), ("MLP", "4")]
    assert min(float(row["accuracy"]) for row in rows) >= 0.95
    assert json.loads(figures.read_text())[0]["accuracy"] == float(rows[0]["accuracy"])
    assert "consensus of two models, steps to 1e-9: α 0.1: 93" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "seeds"), [("3", [3]), ("3-5", [3, 4, 5])])
def test_seeds_are_read(text: str, seeds: list[int]) -> None:
    assert list(collaboration.seeds(text)) == seeds


@pytest.mark.parametrize("text", ["", "-1", "5-3", "a", "1-", "²"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="must be a seed such as 3, or seeds such as 0-9"):
        collaboration.seeds(text)
