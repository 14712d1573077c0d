"""Bulk jobs beside the limit and beside what people write by hand; `benchmarks/parts/bulk.py` plays it."""
