"""What a worker process tells a monitoring system: whether it lives, whether it claims, and its figures."""
