"""What the server does with an average: momentum, Adam, Yogi. On chunks, in float64.

Source: Reddi et al., "Adaptive Federated Optimization" (ICLR 2021), algorithm 2; no bias correction. Momentum: Hsu, Qi, Brown,
"Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification" (2019).
"""

import numpy as np

from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.weights import Floats

State = dict[str, Floats]
"""By the names in the table of methods, a chunk each."""


def initial(plan: FusionPlan, name: str, length: int) -> Floats:
    """What the server keeps before its first step: zero, and tau squared for second moments (v_{-1} >= tau^2 in the paper)."""
    return np.full(length, plan.given("tau") ** 2 if name == "second" else 0.0)


def step(plan: FusionPlan, reference: Floats, average: Floats, state: State) -> tuple[Floats, State]:
    """The new model and what the server keeps, from the old model and the average of the clients' models."""
    update = average - reference
    if plan.method == "FedAvgM":
        momentum = plan.given("momentum") * state["momentum"] + update
        return reference + plan.given("serverRate") * momentum, {"momentum": momentum}
    beta1, beta2 = plan.given("beta1"), plan.given("beta2")
    first = beta1 * state["first"] + (1 - beta1) * update
    old, square = state["second"], update * update
    if plan.method == "FedAdam":
        second = beta2 * old + (1 - beta2) * square
    else:
        second = old - (1 - beta2) * square * np.sign(old - square)
    return reference + plan.given("serverRate") * first / (np.sqrt(second) + plan.given("tau")), {
        "first": first,
        "second": second,
    }
