"""Where each request stands in the line, and when it is expected to start. Nothing is decided by it."""
