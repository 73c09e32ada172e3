"""``python -m llmchem_tui`` is ``llmchem``."""

from llmchem_tui.cli import main

if __name__ == "__main__":
    main()
