"""`make bench`: Counterfoil beside its peers and beside the limit, on one machine in one run."""
