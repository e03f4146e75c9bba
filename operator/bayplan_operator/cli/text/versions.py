"""Versions as text."""

from bayplan_operator.views.model.versions import OperatorVersion, Versions


def text(found: Versions) -> str:
    """A line for each, as kubectl has them."""
    lines = [f"Client Version: {found.client}"]
    if found.operators is not None:
        lines += [f"Operator Version: {_operator(each)}" for each in found.operators] or ["Operator Version: none is installed"]
    elif found.problem:
        lines.append(f"Operator Version: unknown ({found.problem})")
    if found.kubernetes is not None:
        lines.append(f"Kubernetes Version: {found.kubernetes}")
    return "\n".join(lines)


def _operator(operator: OperatorVersion) -> str:
    return f"{operator.version or 'unknown'} (Deployment {operator.namespace}/{operator.name}, image {operator.image})"
