"""What is measured: tasks, the tools that can do each, and the targets to beat."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

OURS = "headtohead"
WORDS = ("model_a", "model_b", "tie", "both_bad")
COVARIATES = ("style_length", "style_headers", "style_lists", "style_bold")
CATEGORIES = 27
MORE_VOTES = 10_000
BOOTSTRAPS = 100
BOARDS_PRIOR = 0.5
Environment = Literal["own", "peers"]
Right = Literal["counts", "style", "boards", "none"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make.

    Attributes:
        models: How many models, 2 to 65,535.
        votes: How many votes.
        style: Whether each vote carries covariates that sway it; such votes are made all at once.
        coded: Whether to keep every vote as codes too.
        seed: Of the random numbers.
    """

    models: int
    votes: int
    style: bool = False
    coded: bool = False
    seed: int = 20240813

    @property
    def name(self) -> str:
        """A folder name that tells recipes apart."""
        extra = ("-style" if self.style else "") + ("-coded" if self.coded else "")
        return f"{self.models}x{self.votes}{extra}-{self.seed}"


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool found, on one scale, so that answers can be held side by side.

    Attributes:
        names: Models, in the order of the lists below.
        ratings: In logits, up to a constant.
        half: Half widths of 95% intervals in logits; empty where the tool gives none.
        gauge: Which average `half` holds at 0: of models, or of models weighted by votes.
        effects: Coefficients of covariates; empty where there are none.
        votes: How many votes were counted; 0 where that is not said.
    """

    names: list[str] = field(default_factory=list)
    ratings: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    gauge: Literal["models", "votes"] = "models"
    effects: list[float] = field(default_factory=list)
    votes: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """A tool with its inputs in memory.

    Attributes:
        run: The operation that is timed.
        answer: Turns what `run` gave into an `Answer`; not timed.
    """

    run: Callable[[], Any]
    answer: Callable[[Any], ToolAnswer]


@dataclass(frozen=True, slots=True)
class Way:
    """How one tool does one task.

    Attributes:
        modules: What it imports; timed apart.
        prepare: Folder of the data set -> `Ready`; loading is timed apart.
        environment: Whose Python runs it. Where peers take pandas frames, headtohead gets the same
            frame in the peers' environment.
        warm_up: How often the operation is run, untimed, before it is timed.
    """

    modules: tuple[str, ...]
    prepare: Callable[[str], Ready]
    environment: Environment = "peers"
    warm_up: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One row of the result.

    Attributes:
        slug: Its name on the command line.
        title: What is done, in words.
        recipe: The votes; None where there are none.
        at_least: Rival -> how many times more CPU than headtohead it must need.
        under_s: What headtohead must stay under, in CPU seconds.
        under_mib: What headtohead must stay under, in MiB of peak memory.
        reference: Which right answer its results are held against.
        optional: Whether it is only run when named.
    """

    slug: str
    title: str
    recipe: Recipe | None
    at_least: dict[str, float] = field(default_factory=dict)
    under_s: float | None = None
    under_mib: float | None = None
    reference: Right = "counts"
    optional: bool = False


def tasks(votes: int, big: int, models: int) -> tuple[Task, ...]:
    """All tasks at these sizes.

    Args:
        votes: Votes of the tasks that read text columns in memory; 1,000,000 in the targets.
        big: Votes of the tasks that read Parquet or codes; 10,000,000 in the targets.
        models: Models; 100 in the targets.
    """
    plain = Recipe(models, votes)
    style = Recipe(models, votes, style=True)
    large = Recipe(models, big, coded=True)
    return (
        Task("fit", "Fit with 95% sandwich intervals", plain, {"arena-rank": 60}),
        Task("point", "Fit, ratings only", plain, {"evalica": 8}),
        Task("bootstrap", "100 bootstraps", plain, {"evalica": 300, "FastChat": 300}),
        Task(
            "style",
            "Style control, 4 covariates, no intervals",
            style,
            {"arena-rank": 40, "FastChat": 40},
            reference="style",
        ),
        Task(
            "style-intervals",
            "Style control, 4 covariates, with sandwich intervals",
            style,
            {"arena-rank": 40},
            reference="style",
        ),
        Task(
            "parquet",
            "From a Parquet file: ratings with intervals, against counting alone",
            large,
            {"DuckDB group by": 1, "DuckDB beside headtohead": 1},
            under_mib=400,
        ),
        Task(
            "parquet-huge",
            "From a Parquet file ten times larger",
            Recipe(models, 10 * big),
            {"DuckDB group by": 1},
            under_mib=600,
            optional=True,
        ),
        Task(
            "boards",
            "28 boards with intervals, one per category and one of all, from codes",
            large,
            under_s=0.5,
            reference="boards",
        ),
        Task(
            "refit",
            "Refit with intervals after 10,000 more votes, in a running process",
            large,
            under_s=0.02,
        ),
        Task("import", "Import, in a new process", None, under_s=0.2, reference="none"),
    )
