"""From shards that want a place to pods on nodes."""
