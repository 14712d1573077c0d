"""Counterfoil's side of a measurement: a metered worker, and a stock arq client."""
