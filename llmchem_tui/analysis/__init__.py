"""Reports on rounds and histories."""
