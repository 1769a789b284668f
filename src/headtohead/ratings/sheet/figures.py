"""The figures of a ranking: boards, pairs, drift, groups, style, trust, rows left out."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.names.names import in_sentence
from headtohead.publish.sheet import Alternative, Cell, Chooser, DataTable, Figure, Row, TableColumn
from headtohead.publish.words import plain
from headtohead.ratings.board import Board, Standing
from headtohead.ratings.result import Groups, RankResult
from headtohead.ratings.sheet import charts, words
from headtohead.ratings.sheet.words import (
    LONG,
    SHORT,
    ModelNames,
    chance,
    finite,
    level,
    number,
    parts_of,
    percent,
    places,
    signed,
    span,
)
from headtohead.ratings.trust import Trust

if TYPE_CHECKING:
    import altair as alt

_TABLE_ROWS = 10  # in a terminal


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a table tells of each of its rows.

    Attributes:
        name: Of its column in the download, with its unit.
        title: For readers; empty for an interval whose value another field shows.
        of: A text, a number, an `Interval`, or None, from what the row is about.
        digits: Decimals of a number; None for a text.
        show: How a number is written, if not plainly.
        sure: Title of the column of the interval; empty where there is none.
    """

    name: str
    title: str
    of: Callable[[Any], Any]
    digits: int | None = None
    show: Callable[[float, int], str] | None = None
    sure: str = ""


def figure(
    result: RankResult,
    slug: str,
    title: str,
    subtitle: str,
    fields: Sequence[Field],
    about: Iterable[Any],
    **more: Any,  # noqa: ANN401 - other fields of Figure
) -> Figure:
    """A figure with its table."""
    columns: list[TableColumn] = []
    names: list[TableColumn] = []
    for f in fields:
        if f.title:
            columns.append(TableColumn(f.name, f.title, f.digits))
        if f.sure:
            stem, _, unit = f.name.rpartition("_")
            columns.append(TableColumn(f"{stem}_interval", f.sure, f.digits))
            names += [TableColumn(f.name, f.title)] if f.title else []
            names.append(TableColumn(f"{stem}_low_{unit}", f"{f.title or f.sure}, at least"))
            names.append(TableColumn(f"{stem}_high_{unit}", f"{f.title or f.sure}, at most"))
        else:
            names.append(TableColumn(f.name, f.title))
    rows: list[Row] = []
    data: list[Row] = []
    for one in about:
        shown, given = _cells(fields, one)
        rows.append(tuple(shown))
        data.append(tuple(given))
    return Figure(
        **{"shown": _TABLE_ROWS} | more,
        slug=slug,
        title=title,
        subtitle=subtitle,
        columns=tuple(columns),
        rows=tuple(rows),
        data=DataTable(tuple(names), tuple(data)),
        metadata=described(result),
    )


def _cells(fields: Sequence[Field], one: object) -> tuple[list[Cell], list[Cell]]:
    """The cells of one row, as shown and as downloaded."""
    shown: list[Cell] = []
    given: list[Cell] = []
    for f in fields:
        value, digits = f.of(one), f.digits or 0
        if isinstance(value, Interval):
            write = f.show or number
            if f.title:
                shown.append(write(value.value, digits))
                given.append(value.value)
            shown.append(span(value, digits, write))
            given += [finite(value.low), finite(value.high)]
        else:
            shown.append(f.show(value, digits) if f.show and value is not None else value)
            given.append(value)
    return shown, given


def described(result: RankResult) -> dict[str, Any]:
    """What the file beside every download says of how the ranking was made."""
    return {"method": result.settings.method(), "settings": dict(result.settings.as_json())}


# Columns of one standing, in the CSV and in the downloads of the page.
STANDING = tuple(
    TableColumn(name, title)
    for name, title in {
        "model": "Model",
        "rank": "Place by rating",
        "best_rank": "Best place that stays open",
        "worst_rank": "Worst place that stays open",
        "tie_group": "Tie group",
        "rating_elo": "Rating",
        "low_elo": "At least, alone",
        "high_elo": "At most, alone",
        "joint_low_elo": "At least, all together",
        "joint_high_elo": "At most, all together",
        "battles_n": "Votes",
        "wins_n": "Wins",
        "losses_n": "Losses",
        "ties_n": "Ties",
        "flag": "Why an end is open",
        "model_group": "Group",
    }.items()
)
SHOWN = 50  # models of the chart, until a reader asks for all
SLUG = "board"
TOP = 5  # models of a board but the first in a terminal
BOARDS = 6  # boards in a terminal
NO_GROUP = "no group"
OTHER = "other"
_COLOURS = 8
_DIGITS = 3


def boards_figure(result: RankResult, names: ModelNames, top: int | None) -> Figure:
    """All boards of a ranking, the board of all votes first.

    Without `top` a terminal shows all models of the first board, and 5 of each of five more.
    """
    parts = parts_of(result)
    sure = level(result.settings.level)
    by = plain(result.groups.by, 60).capitalize() if result.groups else ""
    flags = any(s.flag for board in parts.values() for s in board.standings)
    kinds = _kinds(names)
    alternatives = tuple(_alternative(result, names, t, b) for t, b in parts.items())
    board, first = next(iter(parts.values())), alternatives[0]
    listed = [len(board.standings), *[TOP] * (BOARDS - 1)] if top is None else [top] * len(parts)
    return Figure(
        slug=SLUG,
        title=first.title,
        subtitle=first.subtitle,
        says=first.says,
        remarks=first.remarks,
        note="In the chart thick bars hold for a model alone and thin bars for all models "
        "together; bands are tie groups; at the right edge stand the places that stay open. "
        f"{result.settings.method()}.",
        columns=(
            TableColumn("model", "Model"),
            TableColumn("places", "Places", 0, ("best_rank", "worst_rank")),
            TableColumn("rating_elo", "Rating", 0),
            TableColumn("joint", "All hold", 0, ("joint_low_elo", "joint_high_elo")),
            TableColumn("alone", "Alone", 0, ("low_elo", "high_elo")),
            TableColumn("battles_n", "Votes", 0),
            TableColumn("tie_group", "Tie", 0),
            *([TableColumn("model_group", by)] if by else ()),
            TableColumn("wins_n", "Wins", 0),
            TableColumn("losses_n", "Losses", 0),
            TableColumn("ties_n", "Ties", 0),
            *([TableColumn("flag", "Open end")] if flags else ()),
        ),
        data=DataTable(STANDING, first.rows),
        chart=_chart(names, kinds, board, first.constants),
        metadata=described(result),
        chooser=Chooser(
            label="Board",
            alternatives=alternatives,
            listed=tuple(listed),
            find="model",
            order=("rating_elo", True),
            fields={
                "value": "rating_elo",
                "low": "low_elo",
                "high": "high_elo",
                "wide_low": "joint_low_elo",
                "wide_high": "joint_high_elo",
                "votes": "battles_n",
                "tie": "tie_group",
                "flag": "flag",
            },
            spans={"beside": ("best_rank", "worst_rank")},
            short={
                names.long[m]: short for m, short in names.short.items() if short != names.long[m]
            },
            kinds={names.long[m]: kind for m, kind in kinds.items()},
            by="model_group" if by else "",
            shown=SHOWN,
            row_px=charts.ROW_PX,
            shade="tie_group",
            falling=(
                "rating_elo",
                "joint_low_elo",
                "low_elo",
                "battles_n",
                "wins_n",
                "losses_n",
                "ties_n",
            ),
            help=(
                ("Places", f"those that all votes together leave open ({sure})."),
                (
                    "Tie",
                    "number of the tie group, shaded in turn; its first model is not surely "
                    "better than the others in it.",
                ),
                ("All hold", "intervals that hold for all models together."),
                ("Alone", "an interval that holds for that model alone."),
            ),
        ),
    )


def standing_row(s: Standing, labels: Mapping[str, str]) -> tuple[str | int | float | None, ...]:
    """The cells of one standing, in the order of `STANDING`; None for an open end."""
    ends = (s.rating.low, s.rating.high, s.joint.low, s.joint.high)
    places = (s.rank, s.best, s.worst, s.group)
    votes = (s.battles, s.wins, s.losses, s.ties)
    points = (s.rating.value, *map(finite, ends))
    return (s.model, *places, *points, *votes, s.flag, labels.get(s.model, ""))


def _alternative(result: RankResult, names: ModelNames, title: str, board: Board) -> Alternative:
    sure = level(board.settings.level)
    column, _, value = board.name.partition("=")
    whole = board.name == "all"
    what = words.whole(result) if whole else f"{column} = {value}" if value else column
    standings = board.standings
    remarks = [plain(n, 800) for n in board.notes]
    remarks += [said] if (said := words.open_end(board, names.short)) else []
    rows: list[Row] = []
    for s in standings:
        _, *rest = standing_row(s, names.groups)
        rounded = [round(v, _DIGITS) if isinstance(v, float) else v for v in rest]
        rounded[-1] = plain(rounded[-1], LONG)
        rows.append((names.long[s.model], *rounded))
    reach = reach_of([s.rating.value for s in standings], [s.joint for s in standings])
    part = f", part {board.part + 1} of {board.parts}" if board.parts > 1 else ""
    beside = f" (part {board.part + 1})" if board.parts > 1 else ""
    return Alternative(
        key=title,
        name=plain(what, 100) + beside,
        group="" if whole or not value else plain(column, 60),
        title=plain(f"Ratings by {what}{part}", 200),
        subtitle=f"{counted(len(standings), 'model')}, {counted(board.fitted.counts.total, 'vote')}"
        f", {counted(standings[-1].group, 'tie group')}. Ratings are points; places and intervals "
        f"hold with {sure}.",
        says=words.lead(board, names.short),
        remarks=tuple(remarks),
        rows=tuple(rows),
        # Rounded up, so that rounding never makes an end seem cut.
        constants={"reach": math.ceil(1.001 * reach)},
    )


def _chart(
    names: ModelNames, kinds: Mapping[str, str], board: Board, constants: Mapping[str, float]
) -> "Callable[[], alt.LayerChart]":
    """The chart of the first board, drawn when it is wanted."""

    def draw() -> "alt.LayerChart":
        rows: list[dict[str, Any]] = [
            {
                **charts.ends(names.short[s.model], s.rating, s.joint),
                **constants,
                "place": n,
                "shade": s.group % 2 == 0,
                "kind": kinds.get(s.model, ""),
                "beside": places(s.best, s.worst),
                "votes": s.battles,
                "tie": s.group,
                "flag": s.flag,
            }
            for n, s in enumerate(board.standings[:SHOWN], 1)
        ]
        ranked = [kind for kind, _ in Counter(kinds.values()).most_common()]
        return charts.intervals(
            rows,
            axis="Rating (points)",
            kinds=sorted(ranked, key=lambda kind: kind in (NO_GROUP, OTHER)),
            always=True,
            more=[
                ("beside", "Places", ""),
                ("tie", "Tie group", ""),
                ("votes", "Votes", ",.0f"),
                ("flag", "Open end", ""),
            ],
        )

    return draw


def _kinds(names: ModelNames) -> dict[str, str]:
    """Model -> group as a chart tells it apart: at most `_COLOURS`, the rest as "other"."""
    if not names.groups:
        return {}
    labels = {m: plain(names.groups.get(m, NO_GROUP), 24) for m in names.long}
    ranked = [label for label, _ in Counter(labels.values()).most_common()]
    if len(ranked) <= _COLOURS:
        return labels
    kept = set(ranked[: _COLOURS - 1])
    return {m: label if label in kept else OTHER for m, label in labels.items()}


def reach_of(values: Sequence[float], joint: Sequence[Interval]) -> float:
    """How many points from its value an interval is drawn.

    All ends are, but for one that is open, or so far away that it would squeeze the others.
    """
    arms = [a for i in joint for a in (i.value - i.low, i.high - i.value) if math.isfinite(a)]
    arms = sorted(arms) or [100.0]
    across = max(values, default=0.0) - min(values, default=0.0)
    return max(1.0, 0.3 * across, min(arms[-1], 4 * arms[len(arms) // 2]))


PAIRED = 30  # models of the tables of pairs
_ROWS = 50
_KINDS = ("average", "best model")


def pair_figures(result: RankResult, names: ModelNames, board: Board) -> tuple[Figure, ...]:
    """The expected scores and the numbers of votes between the leading models of a board."""
    models = [s.model for s in board.standings[:PAIRED]]
    short = [names.short[m] for m in models]
    met = board.fitted.counts.between()
    pairs = {
        (i, j): (a, b, board.beats(a, b), met.get((min(a, b), max(a, b)), 0))
        for (i, a), (j, b) in permutations(enumerate(models, 1), 2)
    }
    cells = {
        (i, j): {
            "row_n": i,
            "column_n": j,
            "a": names.short[a],
            "b": names.short[b],
            "votes_n": votes,
        }
        for (i, j), (a, b, _, votes) in pairs.items()
    }
    once = [pairs[i, j] for i, j in combinations(range(1, len(models) + 1), 2)]
    apart = sum(score.low > 0.5 or score.high < 0.5 for _, _, score, _ in once)
    never = sum(votes == 0 for *_, votes in once)
    sure, n = level(board.settings.level), len(board.standings)
    decisive = board.settings.ties == "drop"
    what = "chance to win a decisive vote" if decisive else "expected score"
    limited = ""
    if n > PAIRED:
        limited = (
            f"The {PAIRED} models with the highest ratings; the board has {n}. For any other pair, "
            "use board.beats(a, b) in Python."
        )
    if n > charts.NARROW:
        limited += f" A narrow screen shows {charts.NARROW} models; the table has all of these."
    if never:
        whose = "its" if never == 1 else "their"
        said = f"{never:,} of {counted(len(once), 'pair')} never met: {whose} order rests on votes "
        said += "against others."
    else:
        said = "The one pair met." if len(once) == 1 else f"All {len(once):,} pairs met."
    sides = [
        Field("model_a", "Model", lambda p: names.name(p[0])),
        Field("model_b", "Against", lambda p: names.name(p[1])),
    ]
    votes_field = Field("votes_n", "Votes between them", lambda p: p[3], 0)
    score_field = Field("score_frac", "Takes", lambda p: p[2], 1, percent, f"{sure} interval")
    return (
        figure(
            result,
            "win-matrix",
            "Who beats whom",
            f"The {what} of the model in the row against the model in the column, in percent."
            f"{'' if decisive else ' A tie counts half.'} "
            f"Bold: its {sure} interval, of that pair alone, keeps clear of one half.",
            [*sides, score_field, votes_field],
            once,
            says=f"In {apart:,} of {counted(len(once), 'pair')}, taken one at a time, one side is "
            "ahead beyond chance.",
            chart=lambda: charts.chances(
                [
                    cells[place]
                    | {
                        "score_frac": score.value,
                        "low_frac": score.low,
                        "high_frac": score.high,
                        "lead_frac": abs(score.value - 0.5),
                        "lean": "row ahead" if score.value >= 0.5 else "column ahead",
                        "sure": score.low > 0.5 or score.high < 0.5,
                    }
                    for place, (_, _, score, _) in pairs.items()
                ],
                short,
            ),
            note=limited.strip(),
        ),
        figure(
            result,
            "battle-counts",
            "Who met whom how often",
            "Votes between two models, whichever was shown first; the stronger the colour, the "
            "more.",
            [*sides, votes_field],
            sorted(once, key=lambda pair: -pair[3]),
            says=said,
            chart=lambda: charts.battles(
                [
                    cells[place]
                    | {"votes_log": math.log1p(votes), "kind": "votes", "sure": votes > 0}
                    for place, (*_, votes) in pairs.items()
                ],
                short,
            ),
            note=limited.strip(),
        ),
    )


def drift_figure(result: RankResult, names: ModelNames) -> Figure:
    """How ratings moved between windows of time."""
    sure, moves = level(result.settings.level), result.moves
    shown = moves[:_ROWS]
    reach = reach_of([m.change.value for m in shown], [m.joint for m in shown])
    moved = sum(not m.joint.low <= 0 <= m.joint.high for m in moves)
    return figure(
        result,
        "drift",
        "How ratings moved",
        "Change in points from a model's first window of time to its last, measured from the "
        "models in every window.",
        [
            Field("model", "Model", lambda m: names.name(m.model)),
            Field("first_window", "From", lambda m: m.first),
            Field("last_window", "To", lambda m: m.last),
            Field("change_elo", "Change", lambda m: m.change, 1, signed, f"Alone ({sure})"),
            Field("joint_elo", "", lambda m: m.joint, 1, sure=f"All hold ({sure})"),
        ],
        moves,
        says=f"{counted(moved, 'model')} of {len(moves)} surely moved.",
        chart=lambda: charts.intervals(
            [
                charts.ends(names.short.get(m.model) or plain(m.model, SHORT), m.change, m.joint)
                | {
                    "place": n,
                    "reach": reach,
                    "beside": f"{plain(m.first, 10)} to {plain(m.last, 10)}",
                }
                for n, m in enumerate(shown, 1)
            ],
            axis="Change (points)",
            zero=True,
            more=[("beside", "Windows", "")],
        ),
        note="" if len(moves) <= _ROWS else f"The {_ROWS} largest changes; the table has all.",
    )


def group_figures(result: RankResult, names: ModelNames, groups: Groups) -> tuple[Figure, ...]:
    """The ratings of groups and, where there are two or more, their gaps."""
    sure = f"{level(result.settings.level)} interval"
    figures = []
    rows: list[dict[str, Any]] = []
    for g in groups.ratings[: _ROWS // 2]:
        group, best = plain(g.group, 18), names.short.get(g.best) or plain(g.best, SHORT)
        for kind, name, interval in (
            (_KINDS[0], f"{group}: {counted(g.models, 'model')}", g.mean),
            (_KINDS[1], plain(f"{group}: {best}", 44), g.top),
        ):
            rows.append(charts.ends(name, interval) | {"kind": kind})
    if groups.ratings:
        out = groups.unplaced
        best = in_sentence(plain(groups.ratings[0].group, 60))
        unplaced = f"{', '.join(map(names.name, out[:8]))}{', ...' if len(out) > 8 else ''}"
        figures.append(
            figure(
                result,
                "group-ratings",
                f"Groups by {plain(groups.by, 60)}",
                "Average rating of each group's models, and its best model.",
                [
                    Field("group", "Group", lambda g: plain(g.group, 60)),
                    Field("mean_elo", "Average", lambda g: g.mean, 0, sure=sure),
                    Field("best", "Best model", lambda g: names.name(g.best)),
                    Field("best_elo", "Rating", lambda g: g.top, 0, sure=sure),
                    Field("models_n", "Models", lambda g: g.models, 0),
                    Field("left_out_n", "Left out", lambda g: g.left_out, 0),
                    Field("votes_n", "Votes", lambda g: g.votes, 0),
                ],
                groups.ratings,
                says=f"The highest average is that of {best}.",
                chart=lambda: charts.intervals(
                    charts.paired(rows), axis="Rating (points)", kinds=_KINDS, joint=False
                ),
                remarks=(f"{counted(len(out), 'model')} in no group: {unplaced}.",) if out else (),
            )
        )
    if groups.gaps:
        bars = [
            charts.ends(f"{plain(gap.a, 13)} − {plain(gap.b, 13)}: {kind.split()[0]}", interval)
            | {"kind": kind, "beside": signed(interval.value, 1)}
            for gap in groups.gaps[: _ROWS // 2]
            for kind, interval in zip(_KINDS, (gap.mean, gap.best), strict=True)
        ]
        figures.append(
            figure(
                result,
                "group-gaps",
                "How far groups are apart",
                "Points between the averages, and between the best models, of two groups.",
                [
                    Field("group_a", "A", lambda g: plain(g.a, 60)),
                    Field("group_b", "B", lambda g: plain(g.b, 60)),
                    Field("mean_gap_elo", "Average A − B", lambda g: g.mean, 1, signed, sure),
                    Field("best_gap_elo", "Best A − best B", lambda g: g.best, 1, signed, sure),
                    Field(
                        "best_score_frac",
                        "Best A takes from best B",
                        lambda g: g.a_beats_b,
                        1,
                        percent,
                        sure,
                    ),
                ],
                groups.gaps,
                says=words.gap_words(groups.gaps[0]),
                chart=lambda: charts.intervals(
                    charts.paired(bars), axis="Gap (points)", kinds=_KINDS, zero=True, joint=False
                ),
                note="The best of many leans upwards: a group that enters more has more to pick "
                "from."
                + (f" The chart shows the first {_ROWS // 2} gaps." if len(bars) == _ROWS else ""),
            )
        )
    return tuple(figures)


def style_figure(result: RankResult) -> Figure:
    """What style does to a vote."""
    sure, effects = f"{level(result.settings.level)} interval", result.style
    clear = [plain(e.name, 60) for e in effects if not e.per_sd.low <= 0 <= e.per_sd.high]
    return figure(
        result,
        "style-effects",
        "What style does to a vote",
        "Rating points that one standard deviation more of a style is worth, at equal strength. "
        "The ratings above are those at equal style.",
        [
            Field("style", "Style", lambda e: plain(e.name, 60)),
            Field("per_sd_elo", "Points for 1 sd", lambda e: e.per_sd, 1, signed, sure),
            Field("per_unit_elo", "Points for 1 unit", lambda e: e.per_unit, 2, signed, sure),
            Field("sd_value", "Standard deviation", lambda e: e.sd, 3),
        ],
        effects,
        says=f"Surely not nothing: {', '.join(clear)}."
        if clear
        else "No style has an effect that is surely not nothing.",
        chart=lambda: charts.intervals(
            [
                charts.ends(plain(e.name, SHORT), e.per_sd)
                | {"place": n, "beside": signed(e.per_sd.value, 1)}
                for n, e in enumerate(effects, 1)
            ],
            axis="Rating points",
            zero=True,
            joint=False,
        ),
    )


def left_out_figure(result: RankResult) -> Figure:
    """The rows that were left out, by reason."""
    ranked = sorted(result.dropped.items(), key=lambda item: (-item[1], item[0]))
    rows = [*((plain(reason, 200), n) for reason, n in ranked), ("counted", result.used)]
    return figure(
        result,
        "left-out",
        "Votes counted and left out",
        "Every row that was read is either counted or left out for a reason.",
        [
            Field("reason", "Reason", lambda r: r[0]),
            Field("rows_n", "Rows", lambda r: r[1], 0),
            Field("share_frac", "Share of all rows", lambda r: r[1] / result.rows_read, 1, percent),
        ],
        rows if result.rows_read else (),
        says=words.left_out(result),
        # The sentence says it all; a page also offers the table.
        shown=0,
    )


def trust_figures(result: RankResult, names: ModelNames, trust: Trust) -> tuple[Figure, ...]:
    """One figure for each thing that was looked at."""
    figures: list[Figure] = []

    def add(*what: Any, says: str, note: str = "") -> None:  # noqa: ANN401 - as `figure`
        figures.append(figure(result, *what, says=says, note=note))

    if trust.flips:
        add(
            "flips",
            "How few votes separate neighbours",
            "The fewest votes found whose removal puts the next model in front, confirmed by "
            "rating without them.",
            [
                Field("leader", "Model", lambda f: names.name(f.leader)),
                Field("rival", "Next model", lambda f: names.name(f.rival)),
                Field("gap_elo", "Gap (points)", lambda f: f.gap_elo, 1),
                Field("needed_n", "Votes to swap", lambda f: f.needed, 0),
                Field("share_frac", "Share", lambda f: f.share_frac, 2, percent),
                Field("gap_after_elo", "Gap after", lambda f: f.gap_after_elo, 2, signed),
            ],
            trust.flips,
            says=words.flips_said(trust.flips, names.short),
            note="A dash: no removal that was tried does it. Fewer votes may do in theory.",
        )
    if trust.sides:
        share, bias = trust.sides.first_wins_frac, trust.sides.bias_elo
        add(
            "sides",
            "What being shown first is worth",
            "A fair vote gives one half and 0 points to the side shown first.",
            [
                Field("what", "What", lambda row: row[0]),
                Field("value", "Value", lambda row: row[1], 0),
                Field("interval", "Interval", lambda row: row[2], 0),
            ],
            [
                (
                    "Score of the side shown first, among equals",
                    percent(share.value),
                    f"{percent(share.low)} to {percent(share.high)}",
                ),
                (
                    "The same in points",
                    signed(bias.value, 1),
                    f"{number(bias.low, 1)} to {number(bias.high, 1)}",
                ),
                *(
                    (f"{names.name(m)} was shown first", percent(x), "")
                    for m, x in trust.sides.lopsided
                ),
            ],
            says=words.sides_said(trust.sides, names.short),
            note="Below them: models that stood on one side more often than chance allows."
            if trust.sides.lopsided
            else "",
        )
    if fit := trust.fitness:
        left = fit.misfits_n - len(fit.misfits)
        add(
            "fitness",
            "How well one number a model explains the votes",
            "Pairs whose votes the ratings do not explain, the worst first.",
            [
                Field("a", "Model", lambda m: names.name(m.a)),
                Field("b", "Against", lambda m: names.name(m.b)),
                Field("expected_frac", "Expected to take", lambda m: m.expected_frac, 1, percent),
                Field("observed_frac", "Takes", lambda m: m.observed_frac, 1, percent),
                Field("votes_n", "Votes", lambda m: m.votes, 0),
                Field("p_value", "Chance (Holm)", lambda m: m.p, 0, lambda p, _: chance(p)),
            ],
            fit.misfits,
            says=words.fitness_said(fit, names.short),
            note=f"{counted(left, 'more pair')} not listed." if left > 0 else "",
        )
    e = trust.exposure
    add(
        "exposure",
        "Who was shown how often",
        "Votes of the most and the least shown model, and votes a model in each group.",
        [
            Field("who", "Who", lambda row: row[0]),
            Field("models_n", "Models", lambda row: row[1], 0),
            Field("votes_n", "Votes a model", lambda row: row[2], 0),
        ],
        [
            (f"Most votes: {names.name(e.most)}", None, e.most_votes),
            (f"Fewest votes: {names.name(e.least)}", None, e.least_votes),
            *((f"Group {plain(name, 60)}", models, votes) for name, models, votes in e.by_group),
        ],
        says=words.exposure_said(e, names.short),
        note="Gini is 0 if all models have as many votes, and near 1 if one has nearly all.",
    )
    if v := trust.voters:
        add(
            "odd-voters",
            "Voters unlike the rest",
            "Voters whose votes the board would hardly expect. Being unlike the rest is no proof "
            "of bad faith.",
            [
                Field("voter", "Voter", lambda o: plain(o.voter, 60)),
                Field("votes_n", "Votes", lambda o: o.votes, 0),
                Field("why", "Why", lambda o: plain(o.why, 120)),
                Field("z_value", "Standard deviations", lambda o: o.z, 1),
                Field(
                    "p_value",
                    "Chance (Benjamini-Hochberg)",
                    lambda o: o.p,
                    0,
                    lambda p, _: chance(p),
                ),
            ],
            v.odd,
            says=words.voters_said(v, names.short),
        )
        if v.influence:
            most = number(abs(v.influence[0].change_elo), 1)
            add(
                "influence",
                "What one voter can move",
                "The board rated again without all votes of one voter.",
                [
                    Field("voter", "Voter", lambda i: plain(i.voter, 60)),
                    Field("votes_n", "Votes", lambda i: i.votes, 0),
                    Field("model", "Model that moves most", lambda i: names.name(i.model)),
                    Field("change_elo", "Change (points)", lambda i: i.change_elo, 2, signed),
                    Field("reorders_n", "Pairs that swap", lambda i: i.reorders, 0),
                ],
                v.influence,
                says=f"The most that the votes of one voter move a rating is {most} points.",
            )
    return tuple(figures)
