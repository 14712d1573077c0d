"""What is measured, one part a file; the parts take turns, so that all share the machine's good and bad minutes."""
