"""What to say of a name that is not known."""

import difflib
from collections.abc import Iterable


def unknown(field: str, name: str, known: Iterable[str]) -> str:
    """`order[0] is "Prioritty", which is unknown: did you mean "Priority"?`; the field, and the nearest right name."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    others = f"there are {', '.join(names)}" if names else "there are none"
    advice = f'did you mean "{near[0]}"?' if near else others
    return f'{field} is "{name}", which is unknown: {advice}'
