"""What the commands do: `run(options)` of each module answers the exit code."""
