"""Which labels clients have seen, and what that means to robust aggregators."""

from collections.abc import Mapping, Sequence


def label_warning(method: str, labels: Sequence[Mapping[str, float]]) -> str | None:
    """A sentence where the clients' label sets differ; `labels`: of each client, samples by label.

    What few clients know looks like an attack to an aggregator that leaves out the extremes.
    """
    seen = [frozenset(name for name, count in each.items() if count > 0) for each in labels]
    if len(set(seen)) <= 1:
        return None
    known = frozenset[str]().union(*seen)
    partial = sorted(name for name in known if any(name not in each for each in seen))
    shown = ", ".join(partial[:5]) + (" and others" if len(partial) > 5 else "")
    return (
        f"{method} may lose what few clients know: their label sets differ ({shown} not at every client); "
        "averaging, such as FedAvg, keeps it"
    )
