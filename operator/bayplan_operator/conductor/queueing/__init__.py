"""Queues: which there are, what keeps a graph's queue from letting anything start, and what their statuses say."""
