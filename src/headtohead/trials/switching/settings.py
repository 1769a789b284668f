"""What may be chosen in a trial of a switch: how it is scored, who answers, what is replayed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from headtohead.core.errors import InputError
from headtohead.core.settings import Choices, check_choices, option
from headtohead.trials.replay.settings import EndpointPace
from headtohead.trials.words import FileChoices, at_least, check_level

Means = Literal["scorer", "judge", "human", "judge and people"]
_PRICE = "IN,OUT[,CACHED]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How answers are scored, and how much worse they may be."""

    margin: str | float = option(
        "5pp",
        metavar="MARGIN",
        help="How much worse it may be; for preferences, in net preference.",
    )
    scorer: str | None = option(
        None,
        metavar="SCORER",
        help="exact, regex:PATTERN, json-schema:FILE or python:FILE.py:function.",
    )
    judge: str | None = option(
        None, metavar="MODEL", help="A model that compares both answers, in both orders."
    )
    rubric: Path | None = option(
        None, metavar="FILE", help="What makes an answer better, for the judge."
    )
    human: bool = option(
        False, help="Write a ballot for a blind vote; beside a judge, of a random part."
    )
    ballot: Path = option(
        Path("ballot.html"),
        metavar="FILE",
        help="The ballot to write, or that was voted on: a page (.html), or an arena that "
        "several vote in (.toml, for h2h arena serve). Default: ballot.html",
    )
    ballot_items: int = option(100, metavar="N", help="Most pairs on the ballot.")
    votes: tuple[Path, ...] = option(
        (),
        many=True,
        metavar="FILE",
        help="Votes saved from the ballot, once for each file; or an arena's file.",
    )
    level: float = option(
        0.95,
        metavar="SHARE",
        help="Coverage; a SWITCH is wrong at most half as often as it misses.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        check_level(self.level)
        at_least(self, ballot_items=2)

    @property
    def means(self) -> Means:
        """How answers are scored.

        Raises:
            InputError: If nothing was chosen, or more than goes together.
        """
        people = self.human or bool(self.votes)
        if self.scorer is not None and (self.judge is not None or people):
            raise InputError(
                "Choose one way to score: `scorer`, `judge` or `human` (a judge and people go "
                "together)."
            )
        if self.scorer is not None:
            return "scorer"
        if self.judge is not None:
            return "judge and people" if people else "judge"
        if people:
            return "human"
        raise InputError(
            "Say how answers are scored: `scorer=exact` (or regex:, json-schema:, python:) where "
            "right answers are known, `judge=MODEL`, or `human` for a blind vote."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints(Choices):
    """Where candidate and judge are asked, and what tokens cost."""

    base_url: str = option(
        "https://api.openai.com/v1",
        metavar="URL",
        help="The candidate's OpenAI-compatible endpoint.",
    )
    key_env: str | None = option(
        None,
        metavar="NAME",
        help="Environment variable that holds its key. Default: the operator's usual one.",
    )
    judge_url: str | None = option(
        None, metavar="URL", help="The judge's endpoint. Default: the candidate's."
    )
    judge_key_env: str | None = option(
        None, metavar="NAME", help="Variable that holds the judge's key."
    )
    price_from: str = option(
        "",
        metavar=_PRICE,
        help="$ per million tokens of the model to replace. Default: its list price.",
    )
    price_to: str = option("", metavar=_PRICE, help="The same of the candidate.")
    price_judge: str = option("", metavar=_PRICE, help="The same of the judge.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic(FileChoices):
    """What of the log is replayed."""

    items: int = option(1000, metavar="N", help="Most requests to replay.")
    by: tuple[str, ...] = option(
        (),
        metavar="LABEL,...",
        help="Labels that tell the class of a request. Default: clusters by words.",
    )
    stop: bool = option(True, flag="--no-stop", off=True, help="Replay all items, decided or not.")
    seed: int = option(0, metavar="N", help="Of the sample.")

    def __post_init__(self) -> None:
        check_choices(self)
        at_least(self, items=1, seed=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(EndpointPace):
    """How fast to ask, how much to spend, and where answers are kept."""

    judge_max_usd: float | None = option(
        None, metavar="USD", help="The most that the judge's answers may cost."
    )
    concurrency: int = option(8, metavar="N", help="Requests under way at once.")
    cap_tokens: int = option(4096, metavar="N", help="Longest answer where the log names none.")
    params: Mapping[str, Any] = option(
        factory=dict,
        flag="--param",
        metavar="NAME=VALUE",
        help="A parameter that replaces the logged one; null takes it away.",
    )
    judge_params: Mapping[str, Any] = option(
        factory=dict,
        flag="--judge-param",
        metavar="NAME=VALUE",
        help="The same for the judge; response_format=null for one that knows no JSON schema.",
    )
    ledger: Path | None = option(
        None,
        metavar="FILE",
        help="Where answers are kept. Default: LOGS-MODEL.ledger.jsonl in this folder.",
    )

    def __post_init__(self) -> None:
        EndpointPace.__post_init__(self)
        at_least(self, concurrency=1, cap_tokens=1, judge_max_usd=0.0001)
