"""A ranking as one HTML file that needs nothing but a browser."""

from headtohead.claims.exhibits import ExhibitView
from headtohead.publish.citing import how_to_cite
from headtohead.publish.escaping import plain
from headtohead.publish.shell import page
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.comparisons import drift_figure, group_figures, style_figure
from headtohead.ratings.sheet.doubts import dropped_figure, trust_figures
from headtohead.ratings.sheet.figures import Setting
from headtohead.ratings.sheet.leaderboards import BoardsView, boards_view, digest_of
from headtohead.ratings.sheet.method import steps
from headtohead.ratings.sheet.naming import level
from headtohead.ratings.sheet.pairs import pair_figures

Topic = tuple[str, str, str, list[ExhibitView], list[str]]


def rank_html(result: RankResult, *, version: str, again: str = "") -> str:
    """The ranking as one self-contained page.

    Args:
        result: The ranking.
        version: Of this package.
        again: The command that was typed.
    """
    setting = Setting(result, version)
    boards = boards_view(setting)
    topics = _topics(setting)
    title = words.title(result)
    sources = list(setting.sources)
    return page(
        "ranking.html.j2",
        scripts=["ranking.js"],
        styles=["ranking.css"],
        exhibits=[boards.first, *(view for _, _, _, views, _ in topics for view in views)],
        data={"ranking": boards.data},
        title=title,
        kicker=_kicker(result),
        answer=words.answer(result, setting.short),
        choices=words.setting_words(result.settings),
        facts=_facts(result, boards),
        boards=boards,
        sure=level(result.settings.level),
        topics=topics,
        steps=steps(result),
        asked=[(plain(k, 60), plain(v, 300)) for k, v in result.asked.items() if v],
        sources=sources,
        cite=how_to_cite(
            title,
            about=setting.about,
            as_of=result.as_of,
            digest=digest_of(setting),
            version=version,
            sources=[source.name for source in sources],
        ),
        again=plain(again, 2000),
        version=version,
    )


def _topics(setting: Setting) -> list[Topic]:
    """Every section after the leaderboard: slug, title, question, figures, remarks."""
    result = setting.result
    board = result.boards["all"][0]
    topics: list[Topic] = [
        ("pairs", "Pairs", "Who beats whom, and on how many votes?",
         pair_figures(setting, board), _only_first(result)),
    ]  # fmt: skip
    if result.moves or result.drift_note:
        views = [drift_figure(setting, result.moves)] if result.moves else []
        why = [f"No drift can be shown: {plain(result.drift_note, 400)}."]
        topics.append(
            ("time", "Drift", "Whose rating moved?", views, why if result.drift_note else [])
        )
    if result.judge:
        topics.append(
            ("judge", "Judge", "How far does the judge help?", [], [words.judge_said(result.judge)])
        )
    if result.groups:
        topics.append(
            ("groups", "Groups", "How far are groups of models apart?",
             group_figures(setting, result.groups), [])
        )  # fmt: skip
    if result.style:
        topics.append(
            ("style", "Style", "How much of a vote is looks?",
             [style_figure(setting, result.style)], [])
        )  # fmt: skip
    if result.trust:
        topics.append(
            ("trust", "Trust", "What could overturn this board?",
             trust_figures(setting, result.trust), [plain(n, 400) for n in result.trust.notes])
        )  # fmt: skip
    unmade = [f"No board for {plain(k, 80)}: {plain(v, 300)}" for k, v in result.unmade.items()]
    topics.append(
        ("votes", "Votes", "Which votes count here?", [dropped_figure(setting, result)], unmade)
    )
    return topics


def _only_first(result: RankResult) -> list[str]:
    if len(result.boards) == 1 and len(result.boards["all"]) == 1:
        return []
    part = " (its largest part)" if len(result.boards["all"]) > 1 else ""
    return [f"These are pairs on the board of {words.whole(result)}{part}."]


def _kicker(result: RankResult) -> str:
    return f"{plain(result.votes, 200)}, read as {plain(result.format, 60)}"


def _facts(result: RankResult, boards: BoardsView) -> list[tuple[str, str, str]]:
    """(name, value, anchor) of what the first screen shows."""
    board = result.boards["all"][0]
    out = sum(result.dropped.values())
    found = [
        ("About", str(result.about or ""), ""),
        ("Known by", str(result.as_of or ""), ""),
        ("Models", f"{sum(len(b.standings) for b in result.boards['all']):,}", "leaderboard"),
        ("Votes", f"{result.used:,}", "section-votes"),
        ("Left out", f"{out:,}", "section-votes"),
        ("Tie groups", str(board.standings[-1].group), "leaderboard"),
        ("Boards", str(len(boards.data["boards"])), "leaderboard"),
    ]
    return [fact for fact in found if fact[1]]
