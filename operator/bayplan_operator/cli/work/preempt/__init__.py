"""`bayplan plan --preempt`: who would be evicted so that the graphs of files can start."""
