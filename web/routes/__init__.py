"""The endpoints, one file for each thing that has a path."""
