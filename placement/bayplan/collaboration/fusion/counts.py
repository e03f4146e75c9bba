"""Whether a method can work with so many inputs: what is known before there are any."""

from bayplan.collaboration.fusion.krum import kept_by
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.robust import cut_of
from bayplan.collaboration.fusion.topology import check_step, default_step, neighbours_named


def check_count(plan: FusionPlan, count: int) -> None:
    """Raise `FusionError` where the method refuses so many inputs, whatever they are.

    That is a trimmed mean that trims none or all, Krum with n < 2f + 3, and a topology or a step of consensus that is refused.
    """
    if plan.method == "TrimmedMean":
        cut_of(plan.given("beta"), count)
    elif plan.method in ("Krum", "MultiKrum"):
        kept_by(plan, count)
    elif plan.method == "Consensus":
        edges = neighbours_named(str(plan.values["topology"]), count)
        alpha = plan.number("alpha")
        check_step(edges, default_step(edges) if alpha is None else alpha, count)
