"""Names as Kubernetes wants them."""

import re

_LONGEST = 63
_OTHER = re.compile("[^a-z0-9]+")


class Labels:
    """Makes a DNS label of any name, each different from all before."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._of: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The label of a name; the same name again gives the same."""
        known = self._of.get(name)
        if known is None:
            known = self._of[name] = self._new(label(name))
        return known

    def _new(self, plain: str) -> str:
        found, number = plain, 1
        while found in self._given:
            number += 1
            found = f"{plain[: _LONGEST - len(str(number)) - 1]}-{number}"
        self._given.add(found)
        return found


def label(name: str) -> str:
    """Lower case letters, digits and `-`, at most 63 characters."""
    plain = _OTHER.sub("-", name.lower()).strip("-")[:_LONGEST].strip("-")
    return plain or "unnamed"
