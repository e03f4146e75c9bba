"""The operator: translates between Kubernetes and the library, and acts. It holds no placement rule of its own."""
