"""The parts of a service: its queries, its writes, and how both are made."""
