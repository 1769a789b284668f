"""What could overturn a board, as tables: few votes, sides, misfit, exposure, voters."""

from collections.abc import Sequence

from headtohead.claims.exhibits import CellView, ExhibitView
from headtohead.publish.escaping import plain
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.figures import (
    Setting,
    Table,
    Value,
    figure,
    number_cell,
    text_cell,
    words_cell,
)
from headtohead.ratings.sheet.naming import chance, many, number, percent, signed, span
from headtohead.ratings.trust import Exposure, Fitness, FlipRow, SideBias, Trust, Voters


def trust_figures(setting: Setting, trust: Trust) -> list[ExhibitView]:
    """One figure for each thing that was looked at."""
    made = [_flips(setting, trust.flips)] if trust.flips else []
    if trust.sides:
        made.append(_sides(setting, trust.sides))
    if trust.fitness:
        made.append(_fitness(setting, trust.fitness))
    made.append(_exposure(setting, trust.exposure))
    if trust.voters:
        made.append(_voters(setting, trust.voters))
        if trust.voters.influence:
            made.append(_influence(setting, trust.voters))
    return made


def dropped_figure(setting: Setting, result: RankResult) -> ExhibitView:
    """The rows that were left out, by reason."""
    ranked = sorted(result.dropped.items(), key=lambda item: (-item[1], item[0]))
    rows = [*((plain(reason, 200), n) for reason, n in ranked), ("counted", result.used)]
    table = _table(
        {"reason": "Reason", "rows_n": "Rows", "share_frac": "Share of all rows"},
        [
            (
                (words_cell(reason), number_cell(n), text_cell(percent(n / result.rows_read))),
                (reason, n, n / result.rows_read),
            )
            for reason, n in rows
            if result.rows_read
        ],
    )
    return figure(
        setting, "left-out", "Votes counted and left out",
        "Every row that was read is either counted or left out for a reason.", table,
        says=words.left_out(result),
    )  # fmt: skip


def _flips(setting: Setting, flips: Sequence[FlipRow]) -> ExhibitView:
    table = _table(
        {
            "leader": "Model", "rival": "Next model", "gap_elo": "Points between them",
            "needed_n": "Votes to swap them", "share_frac": "Share of all votes",
            "gap_after_elo": "Points after",
        },
        [
            (
                (
                    words_cell(setting.name(f.leader)), words_cell(setting.name(f.rival)),
                    number_cell(f.gap_elo, 1), number_cell(f.needed),
                    text_cell("–" if f.share_frac is None else percent(f.share_frac, 2)),
                    text_cell("–" if f.gap_after_elo is None else signed(f.gap_after_elo, 2)),
                ),
                (setting.name(f.leader), setting.name(f.rival), f.gap_elo, f.needed, f.share_frac,
                 f.gap_after_elo),
            )
            for f in flips
        ],
    )  # fmt: skip
    return figure(
        setting, "flips", "How few votes separate neighbours",
        "The fewest votes found whose removal puts the next model in front, confirmed by rating "
        "without them.", table, says=words.flips_said(tuple(flips), setting.short),
        note="A dash: no removal that was tried does it. Fewer votes may do in theory.",
    )  # fmt: skip


def _sides(setting: Setting, sides: SideBias) -> ExhibitView:
    share, bias = sides.first_wins_frac, sides.bias_elo
    table = _table(
        {"what": "What", "value": "Value", "interval": "Interval"},
        [
            (
                (words_cell("Score of the side shown first, among equals"),
                 text_cell(percent(share.value)),
                 text_cell(f"{percent(share.low)} to {percent(share.high)}")),
                ("score of the side shown first", share.value, f"{share.low} to {share.high}"),
            ),
            (
                (words_cell("The same in points"), text_cell(signed(bias.value, 1)),
                 text_cell(span(bias, 1))),
                ("bias in points", bias.value, f"{bias.low} to {bias.high}"),
            ),
            *(
                (
                    (words_cell(f"{setting.name(m)} was shown first"), text_cell(percent(x)),
                     text_cell("")),
                    (f"{setting.name(m)} was shown first", x, ""),
                )
                for m, x in sides.lopsided
            ),
        ],
    )  # fmt: skip
    return figure(
        setting, "sides", "What being shown first is worth",
        "A fair vote gives one half and 0 points to the side shown first.", table,
        says=words.sides_said(sides, setting.short),
        note="Below them: models that stood on one side more often than chance allows."
        if sides.lopsided
        else "",
    )  # fmt: skip


def _fitness(setting: Setting, fit: Fitness) -> ExhibitView:
    table = _table(
        {
            "a": "Model", "b": "Against", "expected_frac": "Expected to take",
            "observed_frac": "Takes", "votes_n": "Votes", "p_value": "Chance (Holm)",
        },
        [
            (
                (
                    words_cell(setting.name(m.a)), words_cell(setting.name(m.b)),
                    text_cell(percent(m.expected_frac)), text_cell(percent(m.observed_frac)),
                    number_cell(m.votes), text_cell(chance(m.p)),
                ),
                (setting.name(m.a), setting.name(m.b), m.expected_frac, m.observed_frac, m.votes,
                 m.p),
            )
            for m in fit.misfits
        ],
    )  # fmt: skip
    left = fit.misfits_n - len(fit.misfits)
    return figure(
        setting, "fitness", "How well one number a model explains the votes",
        "Pairs whose votes the ratings do not explain, the worst first.", table,
        says=words.fitness_said(fit, setting.short),
        note=f"{many(left, 'more pair')} not listed." if left > 0 else "",
    )  # fmt: skip


def _exposure(setting: Setting, e: Exposure) -> ExhibitView:
    rows: list[tuple[tuple[CellView, ...], tuple[Value, ...]]] = [
        (
            (words_cell(who), text_cell(""), number_cell(n)),
            (who, None, n),
        )
        for who, n in (
            (f"Most votes: {setting.name(e.most)}", e.most_votes),
            (f"Fewest votes: {setting.name(e.least)}", e.least_votes),
        )
    ]
    rows += [
        (
            (words_cell(f"Group {plain(name, 60)}"), number_cell(models), number_cell(votes)),
            (f"group {name}", models, votes),
        )
        for name, models, votes in e.by_group
    ]
    return figure(
        setting, "exposure", "Who was shown how often",
        "Votes of the most and the least shown model, and votes a model in each group.",
        _table({"who": "Who", "models_n": "Models", "votes_n": "Votes a model"}, rows),
        says=words.exposure_said(e, setting.short),
        note="Gini is 0 if all models have as many votes, and near 1 if one has nearly all.",
    )  # fmt: skip


def _voters(setting: Setting, v: Voters) -> ExhibitView:
    table = _table(
        {
            "voter": "Voter", "votes_n": "Votes", "why": "Why", "z_value": "Standard deviations",
            "p_value": "Chance (Benjamini-Hochberg)",
        },
        [
            (
                (words_cell(o.voter), number_cell(o.votes), words_cell(o.why), number_cell(o.z, 1),
                 text_cell(chance(o.p))),
                (o.voter, o.votes, o.why, o.z, o.p),
            )
            for o in v.odd
        ],
    )  # fmt: skip
    return figure(
        setting, "odd-voters", "Voters unlike the rest",
        "Voters whose votes the board would hardly expect. Being unlike the rest is no proof of "
        "bad faith.", table, says=words.voters_said(v, setting.short),
    )  # fmt: skip


def _influence(setting: Setting, v: Voters) -> ExhibitView:
    table = _table(
        {
            "voter": "Voter", "votes_n": "Votes", "model": "Model that moves most",
            "change_elo": "Change (points)", "reorders_n": "Neighbours that change places",
        },
        [
            (
                (words_cell(i.voter), number_cell(i.votes), words_cell(setting.name(i.model)),
                 text_cell(signed(i.change_elo, 2)), number_cell(i.reorders)),
                (i.voter, i.votes, setting.name(i.model), i.change_elo, i.reorders),
            )
            for i in v.influence
        ],
    )  # fmt: skip
    most = v.influence[0]
    return figure(
        setting, "influence", "What one voter can move",
        "The board rated again without all votes of one voter.", table,
        says=f"The most that the votes of one voter move a rating is "
        f"{number(abs(most.change_elo), 1)} points.",
    )  # fmt: skip


def _table(
    columns: dict[str, str], rows: Sequence[tuple[tuple[CellView, ...], tuple[Value, ...]]]
) -> Table:
    """A table whose download has the same columns."""
    return Table(
        headings=tuple(columns.values()),
        rows=tuple(cells for cells, _ in rows),
        columns=columns,
        data=tuple(values for _, values in rows),
    )
