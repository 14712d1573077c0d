"""The business without I/O: entities, commands, rules and errors."""
