"""Pages of a sorted list: by a cursor that marks a place in it, or by an offset."""
