"""What stands for PostgreSQL's own statements on the other databases: the same answers, in plain SQL and Python.

One file for each thing; the function for PostgreSQL begins with the question which database it is.
"""
