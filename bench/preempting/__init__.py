"""Pre-emption on drawn sets of queues, held to a judge that shares no code with the planner."""
