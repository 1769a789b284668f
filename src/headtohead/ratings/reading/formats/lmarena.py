"""LMArena (LMSYS Chatbot Arena) battles in every generation since 2023.

The one with a flag for each outcome (55k), the ones with anonymity and de-duplication marks (33k,
100k, clean_battle), and the ones with evaluation sessions (140k, expert).
"""

from headtohead.files.tables import Columns, Path
from headtohead.ratings.reading.layout import (
    FIRST,
    SECOND,
    TIE,
    VOCABULARY,
    Flag,
    Mark,
    OneHot,
    RelativeDifference,
    VoteFormat,
    VoteLayout,
    Words,
    pairs,
    present,
)

_BATTLE = ("model_a", "model_b", "winner")
_HOT = ("winner_model_a", "winner_model_b", "winner_tie")

FORMAT = VoteFormat(
    name="lmarena",
    about="LMArena battles of all generations",
    needs=(
        (*_BATTLE, "evaluation_session_id"),
        (*_BATTLE, "evaluation_order"),
        (*_BATTLE, "conv_metadata"),
        (*_BATTLE, "category_tag"),
        (*_BATTLE, "dedup_tag"),
        (*_BATTLE, "anony"),
        ("model_a", "model_b", *_HOT),
    ),
)

_META = "conv_metadata"
_STYLE = {"header": "header_count", "list": "list_count", "bold": "bold_count"}
# Tag and field of each category; the tag's name ends in its version, as math_v0.1.
_CATEGORIES = {
    "math": ("math_v", "math"),
    "creative_writing": ("creative_writing_v", "creative_writing"),
    "instruction_following": ("if_v", "if"),
}
_HARD = 6  # of seven criteria: https://lmsys.org/blog/2024-05-17-category-hard/


def layout(columns: Columns) -> VoteLayout:
    """Where the battles of a generation are."""
    places = dict(zip((FIRST, SECOND, TIE), ((name,) for name in _HOT), strict=True))
    marks = (
        Mark("not anonymous", ("anony",), "anonymous_only"),
        Mark("repeat marked by the publisher", ("dedup_tag", "sampled"), "dedup"),
    )
    style = pairs(columns)
    a, b = ((_META, f"sum_assistant_{side}_tokens") for side in "ab")
    if columns.kind(a) and columns.kind(b):
        style["length"] = RelativeDifference((a,), (b,))
    for name, field in _STYLE.items():
        sides = [tuple(columns.leaves((_META, f"{field}_{side}"))) for side in "ab"]
        if all(columns.kind((_META, f"{field}_{side}")) for side in "ab"):
            style[name] = RelativeDifference(sides[0], sides[1])
    return VoteLayout(
        first=("model_a",),
        second=("model_b",),
        outcome=OneHot(places) if columns.has(*_HOT) else Words(("winner",), VOCABULARY),
        labels=present(
            columns,
            voter=("judge", "judge_hash", "evaluation_session_id"),
            time=("tstamp", "timestamp"),
            language=("language",),
            id=("id", "question_id"),
            prompt=("prompt",),
        ),
        groups=_groups(columns),
        style=style,
        marks=tuple(mark for mark in marks if columns.kind(mark.path)),
    )


def _groups(columns: Columns) -> dict[str, tuple[Flag, ...]]:
    tags: dict[str, Path] = {
        tag: ("category_tag", tag) for tag in columns.fields(("category_tag",))
    }
    result = [
        Flag(name, ((*path, field),))
        for name, (start, field) in _CATEGORIES.items()
        for tag, path in tags.items()
        if tag.startswith(start) and columns.kind((*path, field))
    ]
    tag = next((path for name, path in tags.items() if name.startswith("criteria_v")), None)
    criteria = () if tag is None else tuple(columns.leaves(tag))
    if criteria:
        result.append(Flag("hard", criteria, _HARD))
    if columns.has("is_code"):
        result.append(Flag("code", (("is_code",),)))
    groups = {"category": tuple(result)} if result else {}
    inside = columns.fields(("occupational_tags",))
    occupations = tuple(("occupational_tags", name) for name in inside)
    for name, paths in {"criterion": criteria, "occupation": occupations}.items():
        if paths:
            groups[name] = tuple(Flag(path[-1], (path,)) for path in paths)
    return groups
