"""What each method of costing a training run counts: figures of different scope never meet."""

from collections.abc import Iterable
from dataclasses import dataclass

# What each published method counts, in words.
METHODS = {
    "amortised": "worn-off hardware and energy",
    "cloud": "at cloud prices",
    "acquisition": "buying the cluster",
    "final_run_rental": "the final run at rental prices",
    "rl_stage_rental": "the reinforcement-learning stage at rental prices",
    "research_rental": "the research and trials before",
    "server_capex": "the company's servers",
    "server_operation": "running the company's servers",
}


def method_words(measure: object) -> str:
    """What a published method counts, as a reader says it."""
    return METHODS.get(str(measure), str(measure).replace("_", " "))


def different(measures: Iterable[str]) -> tuple[str, ...]:
    """The scopes in words if there is more than one, sorted; empty if all are of one."""
    methods = sorted({method_words(how) for how in measures})
    return tuple(methods) if len(methods) > 1 else ()


@dataclass(frozen=True, slots=True)
class CostScope:
    """What a cost of ours counts.

    Attributes:
        method: As the command has it: "final-run".
        measure: As published figures have it, in `METHODS`; "from_flop" has none.
        counts: What is in it.
        leaves_out: What is not.
    """

    method: str
    measure: str
    counts: str
    leaves_out: str


_RESEARCH = "research, failed runs, data and staff"
SCOPES = {
    scope.method: scope
    for scope in (
        CostScope(
            "amortised",
            "amortised",
            "the final run only: chips, servers and network worn off over it, and energy",
            _RESEARCH,
        ),
        CostScope("cloud", "cloud", "the final run only, at three-year cloud prices", _RESEARCH),
        CostScope(
            "acquisition",
            "acquisition",
            "hardware bought: the whole cluster that trained it",
            f"energy, {_RESEARCH}; the cluster serves other runs too",
        ),
        CostScope(
            "final-run",
            "final_run_rental",
            "the final run only, at the rental price that its lab assumes or that is given",
            _RESEARCH,
        ),
        CostScope(
            "flops",
            "from_flop",
            "the final run only, its hours from its compute, at three-year cloud prices",
            _RESEARCH,
        ),
    )
}
