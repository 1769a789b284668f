"""What `rank` hands out: boards, groups, style effects, drift, trust, and every choice made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.estimate import Citation, Interval
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.drift import Move
from headtohead.ratings.bradley_terry.groups import GroupRating
from headtohead.ratings.settings import RankSettings

if TYPE_CHECKING:
    from headtohead.ratings.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap:
    """How far apart two groups are, in points.

    Attributes:
        mean: Average of A minus average of B.
        best: Best model of A minus best model of B.
        a_beats_b: The score, from 0 to 1, that A's best is expected to take from B's best.
    """

    a: str
    b: str
    mean: Interval
    best: Interval
    a_beats_b: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The groups of one board.

    Attributes:
        by: What tells them apart: country, open, lab, family, or the name of a file.
        ratings: The best average first.
        gaps: Every pair of groups; the larger average is A.
        unplaced: Models that belong to no group we know.
    """

    by: str
    ratings: tuple[GroupRating, ...]
    gaps: tuple[GroupGap, ...]
    unplaced: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleEffect:
    """What one style covariate does to a vote.

    Attributes:
        per_sd: Points that one standard deviation more of it is worth.
        per_unit: Points of one unit.
        sd: Its standard deviation, as if each vote had been counted in both orders.
    """

    name: str
    per_sd: Interval
    per_unit: Interval
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeUse:
    """How a judge's votes were used beside those of people.

    Attributes:
        by: The words for what tells comparisons apart, beside the models: prompt or id, and turn.
        votes: Votes of people; all count.
        labels: Comparisons with votes of people and one of the judge.
        alone: Comparisons that only people voted on.
        judged: Comparisons that only the judge voted on.
        agreement_frac: Share of the people's votes on comparisons of both that say what the judge
            says; a tie is a third answer.
        weight_frac: How far the judge is used, from 0 (not at all) to 1.
        gain_ratio: How many times as many votes of people alone would give errors as small; 1
            where the judge is not used.
        unrated: Models that people never voted on.
    """

    by: tuple[str, ...]
    votes: int
    labels: int
    alone: int
    judged: int
    agreement_frac: float
    weight_frac: float
    gain_ratio: float
    unrated: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RankResult(Result):
    """Leaderboards and all that was asked about them.

    Attributes:
        votes: What was ranked: file names, or "the votes given".
        asked: Every other choice, by name (columns, filters, windows).
        boards: Name -> its connected parts, the largest first. "all" holds every vote.
        unmade: Boards that could not be made, and why.
        groups: Groups of the board "all"; None if not asked for.
        style: Effects of the style covariates; empty without style control.
        moves: Drift between windows of time, the largest change first.
        drift_note: Why there is no drift, where it was asked for; empty otherwise.
        dropped: Reason -> votes left out for it; together with `used`, all rows.
        weighed: Whether rows count in parts or as several votes, so that `used` counts no votes.
        remarks: What a reader should know of how the votes were read and taken.
        about: The time of the votes; None if they carry none.
        as_of: The day of our knowledge; None if none was given.
        judge: How a judge was used; None without one. "people alone" and "judge alone" are boards.
    """

    settings: RankSettings
    votes: str
    format: str
    asked: Mapping[str, str]
    boards: Mapping[str, tuple[Board, ...]]
    unmade: Mapping[str, str]
    groups: Groups | None
    style: tuple[StyleEffect, ...]
    moves: tuple[Move, ...]
    drift_note: str
    trust: "Trust | None"
    rows_read: int
    used: int
    dropped: Mapping[str, int]
    about: Period | None
    as_of: date | None
    citations: tuple[Citation, ...]
    judge: JudgeUse | None = None
    weighed: bool = False
    remarks: tuple[str, ...] = ()

    def board(self, name: str = "all") -> Board:
        """The largest connected part of a board.

        Raises:
            UnknownName: If there is no such board.
        """
        if name not in self.boards:
            raise UnknownName("board", name, self.boards)
        return self.boards[name][0]

    @property
    def sheet(self) -> Sheet:
        """How it is shown in a terminal or a notebook."""
        from headtohead.ratings.sheet.sheet import rank_sheet

        return rank_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        from headtohead.ratings.sheet.sheet import rank_json

        return rank_json(self)

    def table(self) -> DataTable:
        """One row for each model and board."""
        from headtohead.ratings.sheet.sheet import rank_table

        return rank_table(self)

    def to_html(self) -> str:
        """One page that needs nothing but a browser, with the pairs of the leading models."""
        from headtohead.publish.page import sheet_html
        from headtohead.ratings.sheet.sheet import rank_sheet

        return sheet_html(rank_sheet(self, page=True))
