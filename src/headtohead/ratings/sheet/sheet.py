"""The sheet of a ranking: leaderboards first, then what they rest on and what was asked besides."""

from headtohead.publish.escaping import plain
from headtohead.publish.estimates import content_hash
from headtohead.publish.sheet import Sheet, Topic
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.boards import BOARDS, boards_figure
from headtohead.ratings.sheet.data import rank_json
from headtohead.ratings.sheet.figures import (
    drift_figure,
    group_figures,
    left_out_figure,
    pair_figures,
    style_figure,
    trust_figures,
)
from headtohead.ratings.sheet.method import steps
from headtohead.ratings.sheet.naming import ModelNames, many

_LISTED = 30


def rank_sheet(
    result: RankResult, *, top: int | None = None, command: str = "", page: bool = False
) -> Sheet:
    """The sheet of a ranking.

    A page also shows who beats whom, and every reason why a board could not be made. A terminal
    shows `top` models of each board, or all of the first and 5 of each of five others.
    """
    names = ModelNames.of(result)
    board = result.boards["all"][0]
    models = sum(len(b.standings) for b in result.boards["all"])
    boards = sum(map(len, result.boards.values()))
    out = sum(result.dropped.values())
    facts = [
        ("About", str(result.about or "")),
        ("Known by", str(result.as_of or "")),
        ("Models", f"{models:,}", "section-leaderboard"),
        ("Votes", f"{result.used:,}", "section-votes"),
        ("Left out", f"{out:,}", "section-votes"),
        ("Tie groups", str(board.standings[-1].group), "section-leaderboard"),
        ("Boards", f"{boards:,}", "section-leaderboard"),
    ]
    topics = [
        Topic(
            "leaderboard",
            "Leaderboard",
            "Which places stay open, and how far are the models apart?",
            figures=(boards_figure(result, names, top),),
        )
    ]
    if page:
        part = " (its largest part)" if len(result.boards["all"]) > 1 else ""
        which = f"These are pairs on the board of {words.whole(result)}{part}."
        topics.append(
            Topic(
                "pairs",
                "Pairs",
                "Who beats whom, and on how many votes?",
                remarks=(which,) if boards > 1 else (),
                figures=pair_figures(result, names, board),
            )
        )
    if result.moves or result.drift_note:
        why = f"No drift can be shown: {plain(result.drift_note, 400)}."
        topics.append(
            Topic(
                "time",
                "Drift",
                "Whose rating moved?",
                remarks=(why,) if result.drift_note else (),
                figures=(drift_figure(result, names),) if result.moves else (),
            )
        )
    if result.judge:
        said = words.judge_said(result.judge)
        topics.append(Topic("judge", "Judge", "How far does the judge help?", remarks=(said,)))
    if result.groups:
        topics.append(
            Topic(
                "groups",
                "Groups",
                "How far are groups of models apart?",
                figures=group_figures(result, names, result.groups),
            )
        )
    if result.style:
        topics.append(
            Topic("style", "Style", "How much of a vote is looks?", figures=(style_figure(result),))
        )
    if result.trust:
        topics.append(
            Topic(
                "trust",
                "Trust",
                "What could overturn this board?",
                remarks=tuple(plain(n, 400) for n in result.trust.notes),
                figures=trust_figures(result, names, result.trust),
            )
        )
    topics.append(
        Topic(
            "votes",
            "Votes",
            "Which votes count here?",
            remarks=_unmade(result, len(result.unmade) if page or top else BOARDS),
            figures=(left_out_figure(result),),
        )
    )
    return Sheet(
        verb="rank",
        title=words.title(result),
        kicker=f"{plain(result.votes, 200)}, read as {plain(result.format, 60)}",
        sentence=words.answer(result, names.short),
        facts=tuple(fact for fact in facts if fact[1]),
        topics=tuple(topics),
        method=steps(result),
        sources=result.citations,
        about=str(result.about or ""),
        as_of=result.as_of,
        command=command,
        notes=(" ".join(words.setting_words(result.settings)),),
        next=(
            "Take every number along: `h2h rank VOTES --json`, or `--csv` for one row a model and "
            "board",
            'Compare two models: `headtohead.rank(votes).board().gap("A", "B")` in Python',
        ),
        digest=content_hash(rank_json(result, pairs=False)),
    )


def _unmade(result: RankResult, most: int) -> tuple[str, ...]:
    """Why some boards could not be made."""
    said = [
        f"No board for {plain(name, 80)}: {plain(why, 400)}"
        for name, why in list(result.unmade.items())[:most]
    ]
    if left := list(result.unmade)[most:]:
        shown = ", ".join(plain(name, 60) for name in left[:_LISTED])
        more = f" and {len(left) - _LISTED:,} more" if len(left) > _LISTED else ""
        said.append(f"No board for {many(len(left), 'more value')}: {shown}{more}.")
    return tuple(said)
