"""`make demo`: the main job on real servers, told as the commands that a person would type."""
