"""The keys of a replay."""

from __future__ import annotations

from textual import on
from textual.binding import Binding

from llmchem_tui.ui.screens.replaying import ROUNDS, ReplayingScreen
from llmchem_tui.ui.widgets.rounds import RoundList
from llmchem_tui.ui.widgets.transport import Transport


class ReplayScreen(ReplayingScreen):
    """A session or a history, round after round; it waits while another screen is in front."""

    BINDINGS = [
        Binding("space", "play", "Play", id="replay.play", tooltip="Play or pause"),
        Binding("full_stop", "step", "Step", id="replay.step", tooltip="The next thing to be seen"),
        Binding(
            "comma",
            "step_back",
            "Step back",
            show=False,
            id="replay.step-back",
            tooltip="What was to be seen before",
            key_display=",",
        ),
        Binding(
            "plus,equals_sign",
            "speed(1)",
            "Faster",
            id="replay.faster",
            tooltip="Up to 50 times as fast",
            key_display="+",
        ),
        Binding(
            "minus",
            "speed(-1)",
            "Slower",
            show=False,
            id="replay.slower",
            tooltip="Down to the speed at which it happened",
            key_display="-",
        ),
        Binding("s", "stage_2", "Stage 2", id="replay.stage-2", tooltip="Where the reviews begin"),
        Binding(
            "e",
            "consensus",
            "End",
            id="replay.consensus",
            tooltip="The consensus: where a round ends",
        ),
        Binding("n", "round(1)", "Next", id="replay.next", tooltip="The next round"),
        Binding(
            "p", "round(-1)", "Before", show=False, id="replay.previous", tooltip="The round before"
        ),
        Binding(
            "0",
            "beginning",
            "Beginning",
            show=False,
            id="replay.beginning",
            tooltip="Where the first round begins",
        ),
        Binding("r", "show('pool')", ROUNDS, id="replay.rounds", tooltip="All rounds of this"),
        Binding(
            "v",
            "show('vignette')",
            "Vignette",
            show=False,
            id="replay.vignette",
            tooltip="The vignette of this round",
        ),
        Binding("escape", "leave", "Back", id="replay.leave", tooltip="Back to where it began"),
    ]
    HELP = (
        "A saved session as it happened, or a history trial by trial. What the files do not tell "
        "is shown as unknown. Research use only, not medical advice."
    )

    # --- what the keys do -------------------------------------------------------------------

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "stage_2":
            return self.player.has_stage_2
        if action == "consensus":
            return not self.player.finished
        return super().makes_sense(action)

    def action_play(self) -> None:
        """Play, or pause."""
        self.ticked = self.clock
        self.player.toggle()
        self.draw_soon()

    def action_step(self) -> None:
        """Go on to the next thing to be seen."""
        self.player.step()
        self.draw_soon()

    def action_step_back(self) -> None:
        """Go back to what was to be seen before."""
        self.player.step_back()
        self.draw_soon()

    def action_speed(self, step: int) -> None:
        """Play faster or slower."""
        self.player.change_speed(step)
        self.draw_soon()

    def action_stage_2(self) -> None:
        """Go to where the reviews of this round begin."""
        self.player.to_stage_2()
        self.draw_soon()

    def action_consensus(self) -> None:
        """Go to the end of this round, or from there to that of the next."""
        self.player.to_consensus()
        self.draw_soon()

    def action_round(self, step: int) -> None:
        """Go to the next round or the one before."""
        self.player.to_round(self.player.index + step)
        self.draw_soon()

    def action_beginning(self) -> None:
        """Go to where the first round begins."""
        self.player.to_round(0)
        self.draw_soon()

    def action_leave(self) -> None:
        """Show all panes again, or go back to where the replay was asked for."""
        if self.board.zoomed:
            self.action_unzoom()
            return
        self.dismiss()
        if self.came_from_round:
            self.app.switch_mode("round")

    @on(Transport.Seek)
    def _seek(self, event: Transport.Seek) -> None:
        self.player.seek_share(event.share)
        self.draw_soon()

    @on(RoundList.Wanted)
    def _go_to_round(self, event: RoundList.Wanted) -> None:
        self.player.to_round(event.index)
        self.draw_soon()
