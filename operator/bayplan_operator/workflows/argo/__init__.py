"""Argo Workflows (Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow) as submissions of the simulator.

workflow (the whole file) ─▶ expanding (templates that call templates) ─▶ templates, parameters, loops, dags, pods
known_fields says of each field whether it is read, named on standard error, or changes nothing; remarks keeps what is named.
No TaskGraph is made in between: the limits of our API do not hold here, and messages name the user's own fields.
"""

from bayplan_operator.workflows.argo.workflow import GROUP, KINDS, Read, read

__all__ = ["GROUP", "KINDS", "Read", "read"]
