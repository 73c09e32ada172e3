"""Where vignettes may go: by the settings' policy, and by what the user allowed in this sitting."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from llmchem_tui.domain.errors import InputError


class Consent:
    """A place is an untrusted endpoint: its name and its address."""

    def __init__(self, policy: Literal["ask", "allow", "never"]) -> None:
        self._policy = policy
        self._allowed: set[tuple[str, str]] = set()

    def must_ask(self, places: Collection[tuple[str, str]]) -> str:
        """Return those of the places that were not allowed yet; blank where nothing is to be asked.

        Raises:
            InputError: there are such places, and the settings never allow them.
        """
        told = ", ".join(f"{name} ({url})" for name, url in sorted({*places} - self._allowed))
        if told and self._policy == "never":
            raise InputError(
                f"the vignette would go to {told}, and round.remote is never; "
                "choose other models, or change the setting"
            )
        return told if self._policy == "ask" else ""

    def allow(self, places: Collection[tuple[str, str]]) -> None:
        """Note that the user lets vignettes go to these places."""
        self._allowed |= {*places}
