"""Kubernetes' own types (pod templates, nodes), as its OpenAPI document has them, and what of an object does not fit them.

`types.json` is generated from the models of Kubernetes' Python client (`derive`), so that a check needs neither the client
nor a cluster.
"""

from .fit import Misfit, misfits, supported_version

__all__ = ["Misfit", "misfits", "supported_version"]
