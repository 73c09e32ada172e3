"""The characters of the simulated pool: four local models (trees), four remote ones (birds).

Invented throughout: no number here describes a real model.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmchem_tui.domain.model import Locality


@dataclass(frozen=True, slots=True)
class Character:
    """How a simulated model behaves.

    ``skill`` in [0, 1]: the chance of an acceptable answer, and of seeing what is wrong with
    another's; ``strong`` and ``weak`` shift it by specialty. A review's grade is the fair grade
    plus ``bias`` plus ``noise`` (standard deviation). Times are seconds, ``failure_rate`` the
    chance that a call fails; ``steady``: its times do not vary.
    """

    name: str
    locality: Locality
    skill: float
    noise: float
    bias: float
    load_seconds: float
    first_token_seconds: float
    tokens_per_second: float
    failure_rate: float
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    shift: float = 0.2
    wordy: bool = True
    steady: bool = False

    def skill_in(self, specialty: str) -> float:
        """The skill for a specialty, within [0.02, 0.98]."""
        shift = self.shift * ((specialty in self.strong) - (specialty in self.weak))
        return min(0.98, max(0.02, self.skill + shift))


_L, _R = Locality.LOCAL, Locality.REMOTE

CHARACTERS = (
    Character("sim/alder-7b", _L, 0.42, 0.16, 0.08, 2.0, 0.3, 95, 0.05, wordy=False,
              strong=("dermatology", "otolaryngology"), weak=("nephrology", "cardiology")),
    Character("sim/birch-13b", _L, 0.52, 0.13, 0.03, 3.5, 0.4, 62, 0.04,
              strong=("paediatrics", "respiratory medicine"), weak=("psychiatry",)),
    Character("sim/cedar-32b", _L, 0.66, 0.10, -0.02, 6.0, 0.7, 38, 0.03,
              strong=("infectious diseases",), weak=("obstetrics",)),
    Character("sim/dogwood-70b", _L, 0.76, 0.07, -0.04, 9.0, 1.1, 22, 0.03,
              strong=("cardiology", "nephrology"), weak=("dermatology",)),
    Character("sim/falcon-mini", _R, 0.58, 0.12, 0.05, 0.0, 0.4, 150, 0.02, wordy=False,
              strong=("endocrinology",), weak=("infectious diseases",)),
    Character("sim/heron-pro", _R, 0.80, 0.06, 0.0, 0.0, 0.8, 80, 0.02,
              strong=("psychiatry", "neurology"), weak=("nephrology",)),
    Character("sim/kestrel", _R, 0.70, 0.09, -0.06, 0.0, 0.5, 110, 0.03,
              strong=("obstetrics",), weak=("respiratory medicine",)),
    Character("sim/osprey-max", _R, 0.88, 0.05, -0.03, 0.0, 1.5, 55, 0.01,
              strong=("nephrology",), weak=()),
)  # fmt: skip
