"""The data layer beside bare SQLAlchemy and beside two well-known layers; `benchmarks/parts/layers.py` plays it."""
