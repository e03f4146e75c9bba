"""Federated rounds in memory: the clients' training of `examples.collaboration.federated`, the operator's own fusion."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayplan.collaboration.fusion import planned
from bayplan.collaboration.fusion.memory import ModelFacts, fuse
from bench.collaborating.row import Row
from examples.collaboration import digits, models
from examples.collaboration.federated import client_round, start
from examples.collaboration.models import Model

ROUNDS = 50
TWICE = 100
CENTRAL_EPOCHS = 100
CLIENTS = 5
FACTOR = -10.0
"""What the attacker multiplies its update by."""

NAMED = {"softmax": "softmax", "mlp": "MLP"}
Method = tuple[str, str, Mapping[str, float], float]
"""Its name here, the method of fusion, its parameters, and FedProx's μ at the clients."""
FED_AVG: Method = ("FedAvg", "FedAvg", {}, 0.0)
FED_AVG_M = ("FedAvgM", "FedAvgM", {"momentum": 0.9, "serverRate": 0.5}, 0.0)
FED_ADAM = ("FedAdam", "FedAdam", {"serverRate": 0.03, "beta1": 0.9, "beta2": 0.99, "tau": 1e-3}, 0.0)
MEDIAN: Method = ("median", "Median", {}, 0.0)
TRIMMED = ("trimmed mean", "TrimmedMean", {"beta": 0.2}, 0.0)
KRUM: Method = ("Krum", "Krum", {"f": 1}, 0.0)
METHODS: tuple[Method, ...] = (FED_AVG, ("FedProx", "FedAvg", {}, 0.1), FED_AVG_M, FED_ADAM, MEDIAN, TRIMMED, KRUM)
AGAINST_ATTACK: tuple[Method, ...] = (FED_AVG, MEDIAN, TRIMMED, KRUM)


@dataclass
class Federation:
    """Clients, a global model, and what the server keeps from round to round."""

    kind: str
    seed: int
    parts: Sequence[digits.Part]
    method: Method
    model: Model = field(init=False)
    state: Mapping[str, models.Array] | None = None
    round: int = 0

    def __post_init__(self) -> None:
        self.model = start(self.kind, self.seed)

    def next_round(self, lost: int | None = None, attacker: int | None = None) -> None:
        """Train at every client but the lost one, and fuse. As in a cluster, the first round has no model before."""
        self.round += 1
        trained = {
            client: client_round(self.model, part, client, self.round, self.seed, proximal=self.method[3])
            for client, part in enumerate(self.parts)
            if client != lost
        }
        if attacker is not None:
            trained[attacker] = {
                name: self.model[name] + FACTOR * (each - self.model[name]) for name, each in trained[attacker].items()
            }
        plan = planned(self.method[1], self.method[2])
        averages = self.method[1].startswith("Fed")
        first = self.round == 1
        fused = fuse(
            plan,
            list(trained.values()),
            ModelFacts(
                weights=[len(self.parts[client]) for client in trained] if averages else None,
                reference=None if first or not averages or self.method[1] == "FedAvg" else self.model,
                state=self.state or None,
                first=first,
            ),
        )
        self.model, self.state = fused.model, fused.state


def run(
    federation: Federation,
    test: digits.Part,
    rounds: Sequence[int],
    lost: Callable[[int], int | None] = lambda _: None,
    attacker: int | None = None,
) -> list[float]:
    """The accuracies after these rounds, in their order."""
    found = []
    for round_ in range(1, max(rounds) + 1):
        federation.next_round(lost(round_), attacker)
        if round_ in rounds:
            found.append(models.accuracy(federation.model, test.images, test.labels))
    return found


def central(seed: int) -> Iterator[Row]:
    """One model on all images, in one place."""
    part, test = digits.load()
    for kind, name in NAMED.items():
        random = np.random.default_rng([seed, 0])
        model = models.train(start(kind, seed), part.images, models.one_hot(part.labels), CENTRAL_EPOCHS, random)
        yield Row("central", "central", name, seed, models.accuracy(model, test.images, test.labels))


def federated(seed: int, rounds: int = ROUNDS) -> Iterator[Row]:
    """Five clients with two digits each."""
    part, test = digits.load()
    clients = [digits.of_two_digits(part, client) for client in range(CLIENTS)]
    for kind, name in NAMED.items():
        for method in METHODS:
            longer = (kind, method[0]) == ("mlp", "FedAdam")
            found = run(Federation(kind, seed, clients, method), test, (rounds, TWICE) if longer else (rounds,))
            yield Row("federated", method[0], name, seed, found[0])
            if longer:
                yield Row(f"federated, {TWICE} rounds", method[0], name, seed, found[1])


def killed(seed: int, rounds: int = ROUNDS) -> Iterator[Row]:
    """The same, with one client lost in every round, drawn at random, and not tried again."""
    part, test = digits.load()
    clients = [digits.of_two_digits(part, client) for client in range(CLIENTS)]
    drawn = np.random.default_rng([seed, CLIENTS]).integers(0, CLIENTS, TWICE + 1).tolist()
    for method in (FED_AVG, FED_AVG_M, FED_ADAM):
        longer = method is FED_AVG_M
        found = run(
            Federation("softmax", seed, clients, method), test, (rounds, TWICE) if longer else (rounds,), drawn.__getitem__
        )
        yield Row("one client killed", method[0], "softmax", seed, found[0])
        if longer:
            yield Row(f"one client killed, {TWICE} rounds", method[0], "softmax", seed, found[1])


def attacked(seed: int, rounds: int = ROUNDS) -> Iterator[Row]:
    """Five clients with a fifth of the images each; one of them sends its update times -10."""
    part, test = digits.load()
    clients = digits.even_parts(part, CLIENTS, seed)
    for method in AGAINST_ATTACK:
        (found,) = run(Federation("softmax", seed, clients, method), test, (rounds,), attacker=CLIENTS - 1)
        yield Row("one attacker", method[0], "softmax", seed, found)
