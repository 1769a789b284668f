"""What a ranking says, on a page and in a terminal alike: names, numbers, sentences, the method."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.names.names import group_name, in_sentence
from headtohead.publish.sheet import Step
from headtohead.publish.words import listed, plain
from headtohead.ratings.board import Board
from headtohead.ratings.result import GroupGap, JudgeUse, RankResult
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.trust import WANTED_WIDTH_ELO, Exposure, Fitness, FlipRow, SideBias, Voters

SHORT = 36
LONG = 200
_NAMELESS = "(nameless)"


def distinct(names: Iterable[str], most: int) -> dict[str, str]:
    """Every name as one printable line of at most `most` characters; no two look alike."""
    wanted = list(names)
    return dict(zip(wanted, _labels(wanted, most), strict=True))


def parts_of(result: RankResult) -> dict[str, Board]:
    """Every board, each connected part on its own, by a distinct title; "all" comes first."""
    names = sorted(result.boards, key=lambda name: name != "all")
    boards = [board for name in names for board in result.boards[name]]
    return dict(zip(_labels([board.title for board in boards], LONG), boards, strict=True))


def _labels(names: Sequence[str], most: int) -> list[str]:
    result: list[str] = []
    taken: set[str] = set()
    for name in names:
        label = plain(name, most) or _NAMELESS
        number = 2
        while label in taken:
            label = f"{plain(name, most - 6) or _NAMELESS[: most - 6]} ({number})"
            number += 1
        taken.add(label)
        result.append(label)
    return result


@dataclass(frozen=True, slots=True)
class ModelNames:
    """What models are called on one sheet.

    Attributes:
        short: Model -> a distinct name of at most `SHORT` characters, for axes and sentences.
        long: Model -> a distinct name of at most `LONG` characters, for tables.
        groups: Model -> group, where groups were asked for.
    """

    short: Mapping[str, str]
    long: Mapping[str, str]
    groups: Mapping[str, str]

    @classmethod
    def of(cls, result: RankResult) -> "ModelNames":
        """The names of every model on some board, in the order of their first board."""
        models = list(
            dict.fromkeys(s.model for p in result.boards.values() for b in p for s in b.standings)
        )
        groups = result.groups.labels if result.groups else {}
        return cls(distinct(models, SHORT), distinct(models, LONG), groups)

    def name(self, model: str) -> str:
        """A model's name for a table."""
        return self.long.get(model) or plain(model, LONG)


def places(best: int, worst: int) -> str:
    """A rank set: "3", or "3-7"."""
    return str(best) if best == worst else f"{best}-{worst}"


def span(
    interval: Interval, digits: int = 0, write: Callable[[float, int], str] | None = None
) -> str:
    """An interval in words: "1,195 to 1,213", "at least 1,195"."""
    low, high = ((write or number)(x, digits) for x in (interval.low, interval.high))
    if math.isinf(interval.low) and math.isinf(interval.high):
        return "no bounds"
    if math.isinf(interval.high):
        return f"at least {low}"
    return f"at most {high}" if math.isinf(interval.low) else f"{low} to {high}"


def number(value: float, digits: int = 0) -> str:
    """A number with thousands marked; a dash if it is infinite or none."""
    if not math.isfinite(value):
        return "–"
    # "-0" is no number a reader expects.
    return f"{value:,.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"


def signed(value: float, digits: int = 0) -> str:
    """A difference with its sign."""
    text = number(value, digits)
    return f"+{text}" if round(value, digits) > 0 else text


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage; small ones keep two figures that say something."""
    if 0 < abs(share) < 0.001:
        return f"{100 * share:.2g}%"
    return f"{100 * share:.{digits}f}%"


def level(value: float) -> str:
    """A coverage: "95%"."""
    return f"{100 * value:.4g}%"


def chance(p: float) -> str:
    """A chance as it is written: "p = 0.03", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def finite(value: float) -> float | None:
    """The number, or None for JSON and CSV if it is infinite or not a number."""
    return value if math.isfinite(value) else None


_NAMED = 4
_TIES = {
    "half": "A tie counts as half a win for each side.",
    "drop": "Ties are left out.",
    "davidson": "Ties are an outcome of their own, by Davidson's model.",
    "rao-kupper": "Ties are an outcome of their own, by Rao and Kupper's model.",
}
_INTERVALS = {
    "sandwich": "Intervals come from the sandwich covariance, which holds where the model is only "
    "nearly right.",
    "bootstrap": "Intervals come from votes drawn anew, {rounds} times.",
    "hessian": "Intervals come from the curvature alone, which holds only where the model is "
    "right.",
}
Names = Mapping[str, str]


def title(result: RankResult) -> str:
    """What was ranked, as a title."""
    models = sum(len(board.standings) for board in result.boards["all"])
    return f"{counted(models, 'model')} ranked by {counted(votes_of(result), 'vote')}"


def votes_of(result: RankResult) -> int:
    """How many votes the board "all" rests on."""
    return sum(board.fitted.counts.total for board in result.boards["all"])


def whole(result: RankResult) -> str:
    """What the board "all" holds: all votes, or those of people that a judge helped."""
    return "people, corrected by the judge" if result.judge else "all votes"


def answer(result: RankResult, names: Names) -> str:
    """The answer in one paragraph: who leads, how surely, and how much is undecided."""
    parts = result.boards["all"]
    board = parts[0]
    groups_n = board.standings[-1].group
    groups = f"The board falls into {groups_n} tie groups."
    if groups_n == 1:
        groups = "All models form one tie group: none is surely worse than the first."
    said = [lead(board, names), groups]
    if len(parts) > 1:
        said.insert(
            0,
            f"The votes fall into {len(parts)} parts that no vote joins, so each part is a board "
            "of its own. On the largest:",
        )
    # With a judge, flips are those of the board of people alone, which may have another leader.
    if result.trust and result.trust.flips and not result.judge:
        said.append(_first_flip(result.trust.flips[0], names))
    return " ".join(said)


def lead(board: Board, names: Names) -> str:
    """Who leads a board, and how surely."""
    first, n = board.standings[0], len(board.standings)
    sure = f"with {level(board.settings.level)} confidence in all places together"
    open_to = [s.model for s in board.standings if s.best == 1]
    if len(open_to) == 1:
        # The sets of all others leave out the first place, whatever its own set still holds.
        return f"{names[first.model]} leads: its place is 1 of {n}, {sure}."
    shown = [names[m] for m in open_to[:_NAMED]]
    rest = len(open_to) - len(shown)
    who = listed([*shown, f"{rest} more"] if rest else shown)
    return (
        f"No model surely leads: {len(open_to)} of {n} may hold the first place, {sure}: {who}. "
        f"The highest rating is that of {names[first.model]}."
    )


def setting_words(settings: RankSettings) -> list[str]:
    """The choices behind a board, one sentence each."""
    said = [_TIES[settings.ties], _INTERVALS[settings.intervals].format(rounds=settings.rounds)]
    if settings.cluster:
        said.append(f"Votes of one {plain(settings.cluster, 60)} go together.")
    if settings.style:
        style = listed(plain(s, 60) for s in settings.style)
        said.append(f"Ratings are those at equal style ({style}).")
    if settings.prior:
        said.append(
            f"Each model gets {settings.prior:g} virtual vote{'' if settings.prior == 1 else 's'} "
            "against an opponent in the middle of the models, so that few votes do not make a "
            "rating infinite."
        )
    said.append(
        f"{plain(settings.anchor[0], 80)} is put at {number(settings.anchor[1])} points."
        if settings.anchor
        else "The average model, weighted by votes, is put at 1,000 points."
    )
    if settings.min_votes:
        said.append(f"Models with fewer than {counted(settings.min_votes, 'vote')} are left out.")
    return said


def left_out(result: RankResult) -> str:
    """How many rows were read, counted and left out."""
    out = sum(result.dropped.values())
    weighed = f", as {counted(votes_of(result), 'vote')}" if result.weighed else ""
    if not out:
        if result.rows_read == 1:
            return f"The one row read was counted{weighed}."
        return f"All {result.rows_read:,} rows read were counted{weighed}."
    ranked = sorted(result.dropped.items(), key=lambda item: (-item[1], item[0]))
    reasons = "; ".join(f"{plain(reason, 120)}: {n:,}" for reason, n in ranked)
    return (
        f"Of {counted(result.rows_read, 'row')} read, {result.used:,} "
        f"{'was' if result.used == 1 else 'were'} counted{weighed} and {out:,} left out "
        f"({reasons})."
    )


def with_group_names(result: RankResult) -> RankResult:
    """The ranking with its groups called as a reader calls them."""
    groups, trust = result.groups, result.trust
    if groups is None:
        return result

    called = partial(group_name, groups.by)
    if trust:
        exposure = replace(
            trust.exposure,
            by_group=tuple((called(name), n, votes) for name, n, votes in trust.exposure.by_group),
            luck=tuple((called(name), points) for name, points in trust.exposure.luck),
        )
        trust = replace(trust, exposure=exposure)
    groups = replace(
        groups,
        by={"open": "openness"}.get(groups.by, groups.by),
        ratings=tuple(replace(one, group=called(one.group)) for one in groups.ratings),
        gaps=tuple(replace(gap, a=called(gap.a), b=called(gap.b)) for gap in groups.gaps),
        labels={model: called(label) for model, label in groups.labels.items()},
    )
    return replace(result, groups=groups, trust=trust)


def gap_words(gap: GroupGap) -> str:
    """How far one group is ahead of another."""
    a, b = (in_sentence(plain(name, 60)) for name in (gap.a, gap.b))
    return (
        f"{plain(gap.a, 60)} over {plain(gap.b, 60)}: averages {signed(gap.mean.value, 1)} points "
        f"({span(gap.mean, 1, signed)}), "
        f"best models {signed(gap.best.value, 1)} ({span(gap.best, 1, signed)}); the best of {a} "
        f"takes {percent(gap.a_beats_b.value)} from the best of {b} "
        f"({percent(gap.a_beats_b.low)} to {percent(gap.a_beats_b.high)})."
    )


def flips_said(flips: tuple[FlipRow, ...], names: Names) -> str:
    """How few votes hold up the order of neighbours."""
    removals = sorted(row.needed for row in flips if row.needed is not None)
    none = len(flips) - len(removals)
    said = [_first_flip(flips[0], names)]
    if len(removals) > 1:
        few = sum(n <= 10 for n in removals)
        said.append(
            f"Of {counted(len(flips), 'pair')} of neighbours, the middle one needs "
            f"{counted(removals[len(removals) // 2], 'vote')}; {few} of them 10 or fewer."
        )
    # Of one pair alone the first sentence says it already.
    if none and len(flips) > 1:
        said.append(f"For {counted(none, 'pair')}, no removal that was tried does it.")
    return " ".join(said)


def sides_said(sides: SideBias, names: Names) -> str:
    """What being shown first is worth."""
    fair = sides.bias_elo.low <= 0 <= sides.bias_elo.high
    said = (
        f"Between equals, the side shown first takes {percent(sides.first_wins_frac.value)} "
        f"({percent(sides.first_wins_frac.low)} to {percent(sides.first_wins_frac.high)}): "
        f"{signed(sides.bias_elo.value, 1)} points ({span(sides.bias_elo, 1)})"
    )
    said += ", no sign of a side bias." if fair else "."
    if sides.lopsided:
        n = len(sides.lopsided)
        shown = ", ".join(f"{_name(names, m)} {percent(x, 0)}" for m, x in sides.lopsided[:_NAMED])
        said += (
            f" {counted(n, 'model')} stood on one side more often than chance allows (shown first: "
            f"{shown}{', ...' if n > _NAMED else ''})."
        )
    return said


def fitness_said(fit: Fitness, names: Names) -> str:
    """How well one number a model explains the votes."""
    said = [
        f"Pearson's statistic is {number(fit.statistic)} on "
        f"{counted(fit.df, 'degree', 'degrees')} of freedom ({chance(fit.p)}, "
        f"{plain(fit.p_method, 60)})."
    ]
    if fit.misfits:
        one = fit.misfits[0]
        said.append(
            f"{counted(fit.misfits_n, 'pair does', 'pairs do')} not fit; the worst: "
            f"{_name(names, one.a)} takes {percent(one.observed_frac)} from {_name(names, one.b)} "
            f"where {percent(one.expected_frac)} is expected ({counted(one.votes, 'vote')})."
        )
    else:
        said.append("No pair stands out.")
    # The share is of what was seen: chance can make more than all of it.
    more = " or more" if fit.cyclic_by_chance_frac > 1 else ""
    said.append(
        f"{percent(fit.cyclic_frac)} of the differences run in circles, where chance alone makes "
        f"{percent(min(1.0, fit.cyclic_by_chance_frac))}{more} ({chance(fit.cyclic_p)})."
    )
    for circle in fit.circles[:2]:
        said.append(
            f"A sure circle: {' beats '.join(_name(names, m) for m in (*circle, circle[0]))}."
        )
    if (left := fit.circles_n - min(2, len(fit.circles))) > 0:
        said.append(f"{counted(left, 'more circle is', 'more circles are')} sure.")
    return " ".join(said)


def exposure_said(e: Exposure, names: Names) -> str:
    """Who was shown how often."""
    said = [
        f"{_uneven(e, names)}. Gini {e.gini_frac:.2f}; "
        f"{percent(e.pairs_met_frac)} of all pairs ever met."
    ]
    if e.wanted:
        model, more = e.wanted[0]
        votes = "more than can be told" if more is None else f"{more:,} more"
        said.append(
            f"{counted(len(e.wanted), 'model has', 'models have')} too few votes for an interval "
            f"of {WANTED_WIDTH_ELO:g} points; {_name(names, model)} needs most: {votes}."
        )
    if e.luck and e.luck[0][1] > 0:
        group, points = e.luck[0]
        said.append(
            f"Were all models of the group {plain(group, 60)} equally strong, the best of them "
            f"would still stand {number(points, 1)} points above the truth: more entries, more "
            "luck."
        )
    return " ".join(said)


def _uneven(e: Exposure, names: Names) -> str:
    """How many times as many votes the most shown model has: a number only where it tells."""
    most, least = counted(e.most_votes, "vote"), _name(names, e.least)
    if e.most_votes == e.least_votes:
        return f"Every model has {most}"
    most = f"{_name(names, e.most)} has {most}"
    if not e.least_votes:
        return f"{most}, {least} none"
    ratio = e.most_votes / e.least_votes
    times = "about " if ratio < 1.5 else f"{number(ratio, 1 if ratio < 9.95 else 0)} times "
    return f"{most}, {times}as many as {least} ({e.least_votes:,})"


def judge_said(use: JudgeUse) -> str:
    """How a judge's votes were used beside those of people."""
    said = (
        f"All {counted(use.votes, 'vote')} of people count; those on one {', '.join(use.by)} "
        f"and pair of models go together. On {counted(use.labels, 'comparison')} people and the "
        f"judge both voted; {percent(use.agreement_frac)} of these votes say what the judge says. "
    )
    if use.alone:
        said += f"People alone voted on {use.alone:,} more. "
    said += f"The judge alone voted on {use.judged:,} more. "
    if use.agreement_frac == 1 and not (use.alone or use.judged):
        said += "These are the same votes, so the judge tells nothing of its own. "
    if use.weight_frac:
        said += (
            f"It is used with weight {use.weight_frac:.2f}, which is worth {use.gain_ratio:.2f} "
            "times the votes of people alone. Its own errors do not bias the board: people's votes "
            "correct them."
        )
    else:
        said += "It would make no rating surer, so it is not used: the board is of people alone."
    if use.unrated:
        shown = listed(plain(m, 40) for m in use.unrated[:_NAMED])
        said += f" Not rated, for want of any vote of people: {shown}."
    return said


def voters_said(v: Voters, names: Names) -> str:
    """The voters unlike the rest, and the most influential."""
    who = counted(v.voters, "voter")
    if v.unknown_n:
        who += f" and {counted(v.unknown_n, 'vote')} without one"
    odd = counted(v.odd_n, "voter is", "voters are") if v.odd_n else "no voter is"
    said = [f"{who} (column {plain(v.column, 60)}); {odd} unlike the rest."]
    if v.odd:
        one = v.odd[0]
        said.append(
            f"The least likely: {plain(one.voter, 40)} ({plain(one.why, 80)}, "
            f"{counted(one.votes, 'vote')}, {chance(one.p)})."
        )
    if v.influence:
        most = v.influence[0]
        pairs = (
            f"{counted(most.reorders, 'pair')} of neighbours" if most.reorders else "no neighbours"
        )
        said.append(
            f"Without {plain(most.voter, 40)} ({counted(most.votes, 'vote')}), "
            f"{_name(names, most.model)} would move by {signed(most.change_elo, 1)} points and "
            f"{pairs} would change places."
        )
    return " ".join(said)


def _first_flip(row: FlipRow, names: Names) -> str:
    leader, rival = _name(names, row.leader), _name(names, row.rival)
    if row.needed is None or row.share_frac is None:
        return f"No removal of votes that was tried puts {rival} before {leader}."
    what = "one vote" if row.needed == 1 else f"{row.needed:,} well-chosen votes"
    return (
        f"Without {what} ({percent(row.share_frac, 2)} of all), {rival} would stand "
        f"before {leader}."
    )


def _name(names: Names, model: str) -> str:
    return names.get(model) or plain(model, 40)


def open_end(board: Board, names: Names) -> str:
    """A remark on intervals without an end, and on whose they are; empty if there is none."""
    some = [s for s in board.standings if math.isinf(s.rating.low) or math.isinf(s.rating.high)]
    if not some:
        return ""
    shown = "; ".join(f"{_name(names, s.model)}: {s.flag}" for s in some[:_NAMED])
    more = "; ..." if len(some) > _NAMED else ""
    return (
        f"{counted(len(some), 'model has', 'models have')} an interval without an end ({shown}"
        f"{more}): the votes bound it on one side or on neither. The rating itself then leans on "
        "the virtual votes. In the chart an arrow marks such an end, or one too far off."
    )


_PAPERS = {
    "bradley-terry": (
        "Bradley, R. A., Terry, M. E. (1952). Rank analysis of incomplete block designs. I. The "
        "method of paired comparisons. Biometrika 39.",
        "https://doi.org/10.1093/biomet/39.3-4.324",
    ),
    "davidson": (
        "Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties. JASA "
        "65.",
        "https://doi.org/10.1080/01621459.1970.10481082",
    ),
    "rao-kupper": (
        "Rao, P. V., Kupper, L. L. (1967). Ties in paired-comparison experiments. JASA 62.",
        "https://doi.org/10.1080/01621459.1967.10482901",
    ),
    "sandwich": (
        "White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica 50.",
        "https://doi.org/10.2307/1912526",
    ),
    "bootstrap": (
        "Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics "
        "7.",
        "https://doi.org/10.1214/aos/1176344552",
    ),
    "bands": (
        "Montiel Olea, J. L., Plagborg-Møller, M. (2019). Simultaneous confidence bands. Journal "
        "of Applied Econometrics 34.",
        "https://doi.org/10.1002/jae.2656",
    ),
    "ranks": (
        "Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks. "
        "Review of Economic Studies 91.",
        "https://doi.org/10.1093/restud/rdad006",
    ),
    "stepdown": (
        "Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple "
        "hypothesis testing. JASA 100.",
        "https://doi.org/10.1198/016214504000000539",
    ),
    "ford": (
        "Ford, L. R. (1957). Solution of a ranking problem from binary comparisons. American "
        "Mathematical Monthly 64.",
        "https://doi.org/10.1080/00029890.1957.11989117",
    ),
    "clopper-pearson": (
        "Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits. "
        "Biometrika 26.",
        "https://doi.org/10.1093/biomet/26.4.404",
    ),
    "style": (
        "LMSYS (2024). Does style matter?",
        "https://lmsys.org/blog/2024-08-28-style-control/",
    ),
    "flips": (
        "Broderick, T., Giordano, R., Meager, R. (2020). An automatic finite-sample robustness "
        "metric.",
        "https://arxiv.org/abs/2011.14999",
    ),
    "hodge": (
        "Jiang, X., Lim, L.-H., Yao, Y., Ye, Y. (2011). Statistical ranking and combinatorial "
        "Hodge theory. Mathematical Programming 127.",
        "https://doi.org/10.1007/s10107-010-0419-x",
    ),
    "illusion": (
        "Singh, S., et al. (2025). The leaderboard illusion.",
        "https://arxiv.org/abs/2504.20879",
    ),
}
_TIE_WAYS = {
    "half": "A tie counts as half a win for each side, as LMSYS publishes its boards.",
    "drop": "Ties are left out; the score is the chance to win a decisive vote.",
    "davidson": "A tie is an outcome of its own: its chance is proportional to the geometric mean "
    "of the strengths. Ratings are stretched so that a point means the same expected score.",
    "rao-kupper": "A tie is an outcome of its own: the strengths are too near to tell, up to a "
    "threshold. Ratings are stretched so that a point means the same expected score.",
}
_INTERVAL_WAYS = {
    "sandwich": "The sandwich covariance in closed form. It holds where ties make votes less noisy "
    "than the model says.",
    "bootstrap": "Votes drawn anew from the counts, rated each time; intervals are percentiles.",
    "hessian": "The curvature of the likelihood alone. With many ties such intervals are too wide.",
}


def steps(result: RankResult) -> tuple[Step, ...]:
    """The steps behind this ranking, those that were not asked for left out."""
    s, trust = result.settings, result.trust
    sure, apart = level(s.level), level(1 - s.level)
    clustered = f" Votes of one {s.cluster} are taken together." if s.cluster else ""
    listed_steps: list[tuple[object, str, str, tuple[str, ...]]] = [
        (
            True,
            "Ratings",
            "Bradley-Terry: the expected score of one model against another depends on the "
            "difference of their ratings alone; 400 points are odds of ten to one. "
            f"{_TIE_WAYS[s.ties]}",
            ("bradley-terry", s.ties),
        ),
        (
            True,
            "Intervals that hold alone",
            _INTERVAL_WAYS[s.intervals] + clustered,
            (s.intervals,),
        ),
        (
            True,
            "Intervals that hold together",
            f"Of many intervals that each hold with {sure}, often some do not. The joint ones are "
            f"as wide as the largest error among all models needs ({s.draws:,} simulated boards): "
            f"all of them hold at once with {sure}.",
            ("bands",),
        ),
        (
            True,
            "Places and tie groups",
            "Every pair is tested, all at once, step by step. A model's best place is 1 plus the "
            "number of models surely better; its worst is the number of models minus those surely "
            "worse. A new tie group starts with the first model that is surely worse than the "
            f"leader of the group before. The chance of any error in all of it is at most {apart}.",
            ("ranks", "stepdown"),
        ),
        (
            True,
            "Models that never lost, or never won",
            "No largest likelihood exists for them. Their interval is open on one side; its other "
            "end is where so clean a record would be too unlikely.",
            ("ford", "clopper-pearson"),
        ),
        (
            s.style,
            "Style control",
            "Differences in style enter each vote beside the strengths, and their effects are "
            "estimated with them, not shrunk.",
            ("style",),
        ),
        (
            trust and trust.flips,
            "Votes to swap neighbours",
            "Votes are ranked by their influence on the gap, the most influential are removed, "
            "and the board is rated again without them.",
            ("flips",),
        ),
        (
            trust and trust.fitness,
            "Fit and circles",
            "Pearson's statistic compares what each pair scored with what the ratings expect. "
            "HodgeRank splits the differences between pairs into a ranking and circles.",
            ("hodge",),
        ),
        (
            trust,
            "Exposure",
            "Models that are shown more, or in more variants, have more chances to stand out.",
            ("illusion",),
        ),
    ]
    return tuple(
        Step(says, name, tuple(_PAPERS[key] for key in papers if key in _PAPERS))
        for asked, name, says, papers in listed_steps
        if asked
    )
