"""The proof under faults: producers, workers and servers, a driver that breaks them, and a verdict."""
