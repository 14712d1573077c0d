"""`counterfoil import`: a file is sent into the database with the one job that writes its rows, and followed."""
