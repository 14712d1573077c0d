"""HTTP: FastAPI endpoints over the services of persistence; it never imports the worker."""
