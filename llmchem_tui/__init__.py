"""A terminal laboratory for multi-LLM medication recommendation guided by LLM Chemistry."""

__version__ = "0.1.0"
