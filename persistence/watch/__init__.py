"""What the database does for a process: figures of pool and statements, slow statements, and repeated ones."""
