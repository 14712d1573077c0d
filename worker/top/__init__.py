"""The live view of a fleet: what is looked at, and how it is drawn."""
