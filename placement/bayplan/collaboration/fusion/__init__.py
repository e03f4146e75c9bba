"""Fusion of models' outputs and of models: arrays in, arrays out.

methods: which there are, what each needs ─▶ planning: from names to a checked plan ─▶ memory (arrays) or a caller with files
─▶ passes: in chunks over the models ─▶ sums, robust, krum, server
outputs: votes, log-odds, weights by least squares      consensus, distillation: functions of their own

Importing this package imports neither numpy nor scipy: what checks a manifest only needs the table of methods.
"""

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.methods import COMBINED, METHODS, FusionMethod
from bayplan.collaboration.fusion.parameters import FusionParameter, FusionPlan
from bayplan.collaboration.fusion.planning import method_named, planned

__all__ = ["COMBINED", "METHODS", "FusionError", "FusionMethod", "FusionParameter", "FusionPlan", "method_named", "planned"]
