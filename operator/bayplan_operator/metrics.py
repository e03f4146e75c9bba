"""The operator's own metrics, as Prometheus scrapes them."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

TICK_SECONDS = Histogram("bayplan_tick_seconds", "Duration of one tick of the conductor.", buckets=_FAST)
PLACING_SECONDS = Histogram("bayplan_placing_seconds", "Duration of placing all requests of one tick.", buckets=_FAST)
START_DELAY_SECONDS = Histogram(
    "bayplan_start_delay_seconds",
    "From the instant a shard could start to its pod's creation.",
    buckets=(*_FAST, 5, 10, 30, 60, 300),
)
WRITES = Counter("bayplan_api_writes", "Writes to the API server.", ["what"])
WRITE_RETRIES = Counter("bayplan_api_write_retries", "Writes that were tried again.", ["what", "why"])
DRY_RUNS = Counter("bayplan_dry_runs", "Pods of which the API server was asked what it makes of them.", ["answer"])
WRITE_FAILURES = Counter("bayplan_api_write_failures", "Writes that were given up for now.", ["what", "why"])
STATUS_BYTES = Counter("bayplan_status_bytes", "Bytes of status written.")
GRAPHS = Gauge("bayplan_graphs", "Task graphs that are not finished.")
WAITING = Gauge("bayplan_waiting_shards", "Shards that could start but have no place, by reason.", ["reason"])
GATED_PODS = Gauge("bayplan_gated_pods", "Pods with the gate bayplan.dev/placement that wait, by reason.", ["reason"])
LET_GO = Counter("bayplan_pods_let_go", "Pods that were to be let through the gate, by what came of it.", ["outcome"])
TAKE_BACKS = Counter("bayplan_take_backs", "Pods taken back because their node could not have them.")
EVICTIONS = Counter("bayplan_evictions", "Pods that were evicted, by what had them evicted.", ["cause"])
EVICTED_IN_VAIN = Counter(
    "bayplan_evicted_in_vain",
    "Pods that were evicted for something that got no place then: a pod had taken the room, or a node was gone.",
    ["cause"],
)
WORK_LOST = Counter("bayplan_work_lost_seconds", "Seconds of work since the last checkpoint of pods that were evicted.")
ARRIVALS = Counter("bayplan_arrivals", "Shards counted among what usually arrives.")
MIX_BUILD_SECONDS = Histogram(
    "bayplan_mix_build_seconds",
    "Duration of building the model of what usually arrives, beside the ticks.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
MIX_BUILD_FAILURES = Counter("bayplan_mix_build_failures", "Models of what usually arrives that could not be built.")
PLAN_SECONDS = Histogram("bayplan_plan_seconds", "Duration of planning one graph, beside the ticks.", buckets=_FAST)
PLANS = Counter("bayplan_plans", "Plans of graphs that were made, by what called for them.", ["cause"])
PLAN_SEARCH_SECONDS = Counter("bayplan_plan_search_seconds", "Processor time of searches for better plans.")
PLAN_FAILURES = Counter("bayplan_plan_failures", "Plans of graphs that could not be made.")
ESTIMATE_SECONDS = Histogram(
    "bayplan_estimate_seconds", "Duration of estimating the end of one graph, beside the ticks.", buckets=_FAST
)
ESTIMATE_FAILURES = Counter("bayplan_estimate_failures", "Estimates of a graph's end that could not be made.")
DEADLINES_MISSED = Counter("bayplan_deadlines_missed", "Deadlines that passed before their graph had succeeded.")
DEADLINES_AT_RISK = Gauge("bayplan_deadlines_at_risk", "Task graphs whose deadline is at risk.")
ADAPTIVE_GRAPHS = Counter(
    "bayplan_adaptive_graphs", "Graphs for which an adaptive policy has chosen a strategy.", ["policy", "strategy"]
)
ADAPTIVE_EXPECTED = Gauge(
    "bayplan_adaptive_expected",
    "What an adaptive policy expects of a strategy by its objective; less is better.",
    ["policy", "strategy"],
)
TASK_RESULT = Gauge(
    "bayplan_task_result", "The last number that a task said of itself.", ["namespace", "family", "task", "result"]
)
RETRIES = Counter("bayplan_retries", "What failed beside the writes and is tried again, with back-off.", ["what"])
WRITES_FENCED = Counter(
    "bayplan_api_writes_fenced",
    "Writes that were not begun, since the Lease was held no more when they would have been.",
    ["what"],
)
STEP_DIFFERENCES = Counter(
    "bayplan_step_differences",
    "Graphs of which a look at everything, every 5 minutes, came to something else than the steps before it: a defect.",
)
TICK_ERRORS = Counter("bayplan_tick_errors", "Graphs that a tick could not handle.")
LEADER = Gauge("bayplan_leader", "1 while this process holds the Lease.")
EVENTS_DROPPED = Counter("bayplan_events_dropped", "Events that were not written.")
LOAD_AGE = Gauge("bayplan_load_age_seconds", "Age of the newest measurement of the nodes' load; NaN: there is none.")
LOAD_AGE.set(float("nan"))
LOAD_NODES = Gauge("bayplan_load_nodes", "Nodes of which the newest measurement tells.")
LOAD_POLL_SECONDS = Histogram(
    "bayplan_load_poll_seconds",
    "Duration of asking Prometheus for the nodes' load, beside the ticks.",
    buckets=(*_FAST, 5, 10, 30),
)
LOAD_FAILURES = Counter("bayplan_load_failures", "What went wrong with measuring the nodes' load.", ["reason"])

PROFILES = Gauge("bayplan_profiles", "Tasks of which something was learned.")
PROFILES_UNWRITTEN = Gauge("bayplan_profiles_unwritten", "Task profiles that have changed since they were last written.")
PROFILES_UNREADABLE = Gauge("bayplan_profiles_unreadable", "Task profiles that cannot be read and are not used.")
NODE_RECORD_FAILURES = Counter(
    "bayplan_node_record_failures", "Parts of the record of node states that could not be read at the start."
)
PROFILES_DROPPED = Counter("bayplan_profiles_dropped", "Task profiles dropped since there were too many; the oldest first.")
PROFILE_BYTES = Counter("bayplan_profile_bytes", "Bytes of task profiles written.")
RUNS = Counter("bayplan_runs", "Attempts that ended, as they are learned from.", ["outcome"])
_LONG = (1, 2.5, 5, 10, 30, 60, 150, 300, 600, 1800, 3600, 7200, 21600, 86400)
RESPONSE_SECONDS = Histogram("bayplan_response_seconds", "From ready to ended, of runs that succeeded.", buckets=_LONG)
RUN_SECONDS = Histogram("bayplan_run_seconds", "From started to ended, of runs that succeeded.", buckets=_LONG)
RUN_COST = Counter("bayplan_run_cost", "Price of all runs, by the prices of their nodes per hour.")
FORESEEN = Counter("bayplan_runs_foreseen", "Runs whose time was predicted, by where in the prediction they ended.", ["within"])
SELF_REPORTS = Counter("bayplan_self_reports", "Termination messages with numbers, or not all readable.", ["what"])
EXPECTATION_SECONDS = Histogram("bayplan_expectation_seconds", "Duration of predicting what has changed.", buckets=_FAST)
