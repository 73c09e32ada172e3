"""Files: histories, journals, session folders, vignettes, prompts."""
