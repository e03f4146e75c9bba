"""What is expected of a graph: its plan, its end, the number of its shards."""
