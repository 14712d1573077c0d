"""Several processes of one worker, under a parent that replaces those that die and hands on signals."""
