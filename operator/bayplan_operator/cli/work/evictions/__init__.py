"""Who would be evicted so that graphs can start: the operator's own decision on a copy of the cluster, and nothing is done."""
