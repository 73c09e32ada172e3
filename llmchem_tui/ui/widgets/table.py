"""A table as large as its rows. Textual's is dear to import and style: only where one is seen."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import DataTable

from llmchem_tui.ui.widgets.fitting import Fitting


class Table(Fitting, DataTable[Content]):
    """A table of texts that are never markup."""
