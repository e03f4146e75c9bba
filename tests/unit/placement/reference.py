"""What Kubernetes says about pods and nodes, written down plainly on dictionaries shaped as in its API.

Slow, and sharing nothing with the library: property tests compare the two.
"""

from typing import Any

Manifest = dict[str, Any]


def requirement_holds(values: dict[str, str], requirement: Manifest) -> bool:
    key, operator, wanted = requirement["key"], requirement["operator"], requirement.get("values", [])
    if operator == "In":
        return key in values and values[key] in wanted
    if operator == "NotIn":
        return key not in values or values[key] not in wanted
    if operator == "Exists":
        return key in values
    if operator == "DoesNotExist":
        return key not in values
    if key not in values or not values[key].isdecimal():
        return False
    there, bound = int(values[key]), int(wanted[0])
    return there > bound if operator == "Gt" else there < bound


def term_holds(node: Manifest, term: Manifest) -> bool:
    expressions, fields = term.get("matchExpressions", []), term.get("matchFields", [])
    if not expressions and not fields:
        return False
    by_label = all(requirement_holds(node["labels"], each) for each in expressions)
    return by_label and all(requirement_holds({"metadata.name": node["name"]}, each) for each in fields)


def tolerates(toleration: Manifest, taint: Manifest) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("value", "") == taint.get("value", ""))


def tolerated(pod: Manifest, taint: Manifest) -> bool:
    return any(tolerates(each, taint) for each in pod["tolerations"])


def hard_taints(node: Manifest) -> list[Manifest]:
    return [taint for taint in node["taints"] if taint["effect"] in ("NoSchedule", "NoExecute")]


def asked(pod: Manifest) -> dict[str, int]:
    return {name: amount for name, amount in pod["requests"].items() if amount > 0}


def passes_for_ever(node: Manifest, pod: Manifest) -> bool:
    """Nothing that only a changed node or pod could mend is in the way."""
    if any(node["labels"].get(key) != value for key, value in pod["nodeSelector"].items()):
        return False
    if pod["required"] and not any(term_holds(node, term) for term in pod["required"]):
        return False
    if any(not tolerated(pod, t) for t in hard_taints(node) if not t["key"].startswith("node.kubernetes.io/")):
        return False
    return all(node["allocatable"].get(name, 0) >= amount for name, amount in asked(pod).items())


def passes_now(node: Manifest, pod: Manifest) -> bool:
    """Everything but what is used by others."""
    if not passes_for_ever(node, pod) or not node["ready"]:
        return False
    if any(not tolerated(pod, taint) for taint in hard_taints(node)):
        return False
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    return not node["unschedulable"] or tolerated(pod, cordon)


def has_room(node: Manifest, used: dict[str, int], pod: Manifest) -> bool:
    return all(node["allocatable"].get(r, 0) - used.get(r, 0) >= amount for r, amount in asked(pod).items())
