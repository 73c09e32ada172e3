"""The parameters of the recommendation, changed with the arrow keys."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.ui.study import Parameters

PARAMETERS = {
    "tau": ("τ", "Pairs above τ are shaded; it does not change the recommendation."),
    "alpha": (
        "α",
        "Weighs pairs across the ensemble's border (1) against pairs inside it (0); at .5 both "
        "count alike.",
    ),
    "beta": ("β", "The price of each further model; it decides only where the size is any."),
    "usage_threshold": ("usage threshold", "A model whose accuracy lies below it is not used."),
    "size": ("size", "How many models to recommend; any: 2 to 10, as the loss decides."),
    "profile": (
        "profile",
        "How a model's rounds become one quality and accuracy: their mean, the latest answer, or "
        "the best one.",
    ),
}
"""Each parameter with its name on the screen and what it does."""

_CHANGED = "*"


class ParameterList(OptionList):
    """One line for each parameter; those that differ from the settings are marked."""

    HELP = dedent(
        """\
        What the recommendation depends on. A star marks what differs from the settings, which
        stay as they are."""
    )
    BINDINGS = [
        Binding(
            "left",
            "step(-1)",
            "Less",
            show=False,
            id="chemistry.less",
            tooltip="Lower the parameter",
        ),
        Binding(
            "right",
            "step(1)",
            "More",
            id="chemistry.more",
            tooltip="Raise the parameter",
        ),
        Binding(
            "backspace",
            "reset",
            "Reset",
            id="chemistry.reset",
            tooltip="Bring the parameter back to the setting",
        ),
    ]

    @dataclass
    class Stepped(Message):
        """A parameter is to be a step larger (1) or smaller (-1)."""

        name: str
        direction: int

    @dataclass
    class Reset(Message):
        """A parameter is to be as in the settings."""

        name: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(*(Option("", id=name) for name in PARAMETERS), id=id, markup=False)
        self._shown: dict[str, Content] = {}

    @property
    def chosen(self) -> str:
        """The name of the parameter under the cursor."""
        return list(PARAMETERS)[self.highlighted or 0]

    def show(self, parameters: Parameters, base: Parameters) -> None:
        """Show the values, and the settings where they differ."""
        differing = parameters.differing(base)
        for name, (title, _) in PARAMETERS.items():
            mark = _CHANGED if name in differing else " "
            line = Content(f"{mark} {title:<16}{value_text(parameters, name):<6}")
            if name in differing:
                line = line.stylize("bold") + Content(f" setting {value_text(base, name)}")
            if name not in self._shown or not line.is_same(self._shown[name]):
                self._shown[name] = line
                self.replace_option_prompt(name, line)

    def action_step(self, direction: int) -> None:
        """Change the parameter under the cursor."""
        self.post_message(self.Stepped(self.chosen, direction))

    def action_reset(self) -> None:
        """Bring its setting back."""
        self.post_message(self.Reset(self.chosen))


def value_text(parameters: Parameters, name: str) -> str:
    """Return a parameter's value as it is shown."""
    value = getattr(parameters, name)
    if name == "size":
        return "any" if value is None else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
