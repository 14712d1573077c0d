"""The peers, one a file, each run by the interpreter of an environment of its own."""
