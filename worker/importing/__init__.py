"""`counterfoil import`: a file is read, mapped and checked as a stream, and sent as `bulk_insert` jobs."""
