"""The figures of a ranking after its boards: pairs, drift, groups, style, trust, rows left out."""

import math
from itertools import combinations, permutations
from typing import Any

from headtohead.publish.escaping import plain
from headtohead.publish.sheet import Figure
from headtohead.ratings.board import Board
from headtohead.ratings.result import Groups, RankResult
from headtohead.ratings.sheet import charts, words
from headtohead.ratings.sheet.boards import reach_of
from headtohead.ratings.sheet.data import votes_between
from headtohead.ratings.sheet.naming import (
    SHORT,
    ModelNames,
    chance,
    level,
    many,
    number,
    percent,
    signed,
)
from headtohead.ratings.sheet.tables import Field, figure
from headtohead.ratings.trust import Trust

PAIRED = 30  # models of the tables of pairs
_ROWS = 50
_KINDS = ("average", "best model")


def pair_figures(result: RankResult, names: ModelNames, board: Board) -> tuple[Figure, ...]:
    """The expected scores and the numbers of votes between the leading models of a board."""
    models = [s.model for s in board.standings[:PAIRED]]
    short = [names.short[m] for m in models]
    met = votes_between(board)
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
        said = f"{never:,} of {many(len(once), 'pair')} never met: {whose} order rests on votes "
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
            says=f"In {apart:,} of {many(len(once), 'pair')}, taken one at a time, one side is "
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
        says=f"{many(moved, 'model')} of {len(moves)} surely moved.",
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
    made = []
    rows: list[dict[str, Any]] = []
    for g in groups.ratings[: _ROWS // 2]:
        group, best = plain(g.group, 18), names.short.get(g.best) or plain(g.best, SHORT)
        for kind, name, interval in (
            (_KINDS[0], f"{group}: {many(g.models, 'model')}", g.mean),
            (_KINDS[1], plain(f"{group}: {best}", 44), g.top),
        ):
            rows.append(charts.ends(name, interval) | {"kind": kind})
    if groups.ratings:
        out = groups.unplaced
        unplaced = f"{', '.join(map(names.name, out[:8]))}{', ...' if len(out) > 8 else ''}"
        made.append(
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
                says=f"The highest average is that of {plain(groups.ratings[0].group, 60)}.",
                chart=lambda: charts.intervals(
                    charts.paired(rows), axis="Rating (points)", kinds=_KINDS, joint=False
                ),
                remarks=(f"{many(len(out), 'model')} in no group: {unplaced}.",) if out else (),
            )
        )
    if groups.gaps:
        bars = [
            charts.ends(f"{plain(gap.a, 13)} − {plain(gap.b, 13)}: {kind.split()[0]}", interval)
            | {"kind": kind, "beside": signed(interval.value, 1)}
            for gap in groups.gaps[: _ROWS // 2]
            for kind, interval in zip(_KINDS, (gap.mean, gap.best), strict=True)
        ]
        made.append(
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
    return tuple(made)


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
    made: list[Figure] = []

    def add(*what: Any, says: str, note: str = "") -> None:  # noqa: ANN401 - as `figure`
        made.append(figure(result, *what, says=says, note=note))

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
            note=f"{many(left, 'more pair')} not listed." if left > 0 else "",
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
    return tuple(made)
