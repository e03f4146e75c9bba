"""A copy of the cluster as the operator would see it, in which the graphs of files are submitted."""
