"""A bulk job's rows on their way from a source to the tables."""
