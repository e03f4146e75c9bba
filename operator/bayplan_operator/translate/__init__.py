"""Between Kubernetes objects and the library's terms. Pure: nothing here talks to the API server."""
