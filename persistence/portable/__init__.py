"""What databases other than PostgreSQL get in place of its own sentences: one file for each thing, slower, as right."""
