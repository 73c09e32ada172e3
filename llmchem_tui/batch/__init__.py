"""Batches: the experiment of arXiv 2512.05066, run unattended and continued after any stop."""
