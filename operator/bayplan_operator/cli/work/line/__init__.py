"""The places that the graphs of files would take in the line of a cluster, as `bayplan plan` says them."""
