"""The line in which requests of all queues wait for a place."""
