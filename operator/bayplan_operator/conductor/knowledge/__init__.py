"""What the operator learns from the runs of all graphs and from the nodes."""
