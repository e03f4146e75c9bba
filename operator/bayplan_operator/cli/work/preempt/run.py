"""`bayplan plan --preempt`."""

import asyncio
import time

from bayplan_operator.cli.cluster.situation import Situation, read_situation
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import preemption as text
from bayplan_operator.cli.work.cluster_copy.asked import Asked, asked_by, refuse_workflows
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.cli.work.preempt.deciding import decided
from bayplan_operator.cli.work.preempt.telling import told
from bayplan_operator.views.model.preemption import PreemptionPlan
from bayplan_operator.workflows import InputError, read_graphs

_ADVICE = "--preempt asks the cluster what runs there: set KUBECONFIG or --kubeconfig"


def run(options: PlanOptions) -> int:
    """Answers the exit code. Raises `InputError` and `ApiError`."""
    now = time.time()
    read_graphs(options.file)  # says all that is wrong with the files
    refuse_workflows(options.file)
    asked = asked_by(options.file, now)
    if not asked.graphs:
        raise InputError("--preempt: there is no TaskGraph in the files: name one with -f")
    plan = planned(asyncio.run(read_situation(options, _ADVICE, whole=True)), asked, now)
    output.warn(plan.left_out)
    output.print_figures(plan, options.output, lambda screen: text.plan(plan, screen))
    return ExitCode.DONE


def planned(there: Situation, asked: Asked, now: float) -> PreemptionPlan:
    """What would happen to the graphs of the files, as things stand. `now`: seconds since the epoch."""
    copy = Copy(there, asked, now)
    made = decided(copy, now)
    return told(copy, made, decided(Copy(there, asked, now, ends=False), now), now)
