"""An API server in memory: objects, versions, watches, and whatever can go wrong between it and its clients."""
