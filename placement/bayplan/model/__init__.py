"""What things are: resources, constraints, GPUs, requests and nodes, graphs, decisions. It knows nothing above itself."""
