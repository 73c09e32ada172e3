"""The commands by their names; each is imported when it is asked for, with all that it needs."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "backtest": ("backtest", "Would each strategy have chosen well?"),
    "batch": ("batch", "Run vignettes × strategies × trials, unattended."),
    "chemistry": ("histories", "How strongly the models of a history interact."),
    "config": ("listings", "Show or write the settings."),
    "doctor": ("doctor", "What can be reached, why not, and what to do."),
    "evaluate": ("evaluate", "Strategies compared, on histories."),
    "models": ("listings", "List the models that can be used."),
    "recommend": ("histories", "The ensemble to use next, from a history."),
    "report": ("report", "A page about sessions, and pictures as files."),
    "resume": ("resume", "Go on with what was interrupted."),
    "run": ("run", "Run one round without the app."),
    "sessions": ("listings", "List the saved sessions, newest first."),
    "simulate": ("simulate", "A synthetic history of models with known skills."),
    "verify": ("verify", "Recompute a session from its journal and compare."),
    "vignettes": ("listings", "List the vignettes."),
}
"""Each command with the module that it is in, and what the list of commands says of it."""


class LateCommands(click.Group):
    """A group that knows its commands by name and short help, and imports the one that is run."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type] # whatever click gives a group
        for name, (_, short_help) in _COMMANDS.items():
            self.add_command(click.Command(name, short_help=short_help))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported only now."""
        if cmd_name not in _COMMANDS:
            return None
        module, short_help = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"llmchem_tui.cli.{module}"), cmd_name)
        command.short_help = short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; it needs none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])
