"""Annotations that say how long pods run and how they end, of TaskGraphs and of what others call workflows."""

from bayplan_operator import names

DURATION = f"{names.GROUP}/expected-duration"
"""How long a pod of an Argo template is expected to run, which Argo knows no field for."""
SECONDS = "sim.bayplan.dev/seconds"
"""How long a task's pods really run on simulated nodes, here as in the testbed."""
RESULTS = "sim.bayplan.dev/results"
"""What a task's pods say when they succeed, as JSON: an object, or a list with one for each round."""
MESSAGE = "sim.bayplan.dev/message"
"""The termination message of a task's pods in the testbed. Where it is a JSON object, these are their results here."""
EXIT_CODE = "sim.bayplan.dev/exit-code"
"""With which exit code a task's pods end, here as in the testbed."""
FAILING = "sim.bayplan.dev/fail-incarnations"
"""The attempts for which the exit code holds, by number; all, where it is missing."""
ROUNDS = "sim.bayplan.dev/rounds"
"""Of a TaskGraph: how many rounds are simulated, where nothing ends them before."""
