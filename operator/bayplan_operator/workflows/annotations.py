"""Annotations that say how long pods run, of TaskGraphs and of what others call workflows."""

from bayplan_operator import names

DURATION = f"{names.GROUP}/expected-duration"
"""How long a pod of an Argo template is expected to run, which Argo knows no field for."""
SECONDS = "sim.bayplan.dev/seconds"
"""How long a task's pods really run on simulated nodes, here as in the testbed."""
