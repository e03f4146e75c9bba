"""Which versions there are."""

import msgspec


class OperatorVersion(msgspec.Struct, frozen=True, rename="camel"):
    """An operator, by its Deployment."""

    namespace: str
    name: str
    version: str
    """As its labels say it; empty: they do not."""
    image: str


class Versions(msgspec.Struct, frozen=True, rename="camel"):
    """The versions of this program, of the operators in the cluster and of Kubernetes."""

    client: str
    kubernetes: str | None = None
    """None: no cluster was asked."""
    operators: tuple[OperatorVersion, ...] | None = None
    """None: no cluster was asked, or it did not say."""
    problem: str = ""
    """Why nothing is known of the operators."""
