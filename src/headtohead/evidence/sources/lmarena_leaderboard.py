"""LMArena's leaderboard dataset on Hugging Face: every board and its history, as Parquet.

Each board is a folder ("text", "text_style_control", ...) with the newest edition (`latest`) and
its whole history (`full`). Two layouts exist: Bradley-Terry ratings, and the agent boards' scores
of another kind, which are counted and left out because they are no ratings.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import polars as pl

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import ARENA_INDUSTRIES
from headtohead.evidence.sourcing import Download, Parsed, RawFile, RawFiles, Source, names

_ID = "lmarena_leaderboard"
_UPSTREAM = "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset/resolve/main"
_HISTORY = "text_style_control"
_EDITIONS = names(
    "text vision vision_style_control document document_style_control search search_style_control "
    "webdev text_factuality"
)


def _download(config: str, split: str, *, optional: bool) -> Download:
    name = f"{config}/{split}-00000-of-00001.parquet"
    return Download(name, f"{_UPSTREAM}/{name}", optional=optional)


SOURCE = Source(
    source_id=_ID,
    publisher="LMArena",
    product="leaderboard dataset",
    citation="LMArena. Arena leaderboard dataset (lmarena-ai/leaderboard-dataset).",
    url="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=(
        # One history of 1.1 million rows takes 2 GB of memory to import; the others are offered
        # by `how_to_get`.
        _download(_HISTORY, "full", optional=False),
        *(_download(config, "latest", optional=True) for config in _EDITIONS),
    ),
    how_to_get=(
        "For another board's history, fetch <board>/full-00000-of-00001.parquet from the dataset, "
        "keep its folder name, and import that folder."
    ),
    patterns=("*-of-*.parquet",),
    # One whole-board edition has some hundred rows, a history of the text board over a million.
    rows={"arena_ratings": (100, 20_000_000)},
)

_RATED = frozenset(
    names(
        "model_name organization license rating rating_lower rating_upper variance vote_count rank "
        "category leaderboard_publish_date"
    )
)
_SCORED = _RATED - {"rating", "rating_lower", "rating_upper", "variance", "vote_count"} | {
    *names("score score_ci_lower score_ci_upper observation_count session_count")
}
# Config -> (board, style-controlled). The factuality boards blend votes with fact checks, so
# neither word fits them.
_BOARDS: Mapping[str, tuple[str, bool | None]] = {
    **{board: (board, False) for board in ("text", "vision", "search", "document", "webdev")},
    **{
        f"{board}_style_control": (board, True)
        for board in ("text", "vision", "search", "document")
    },
    **{f"{board}_factuality": (f"{board}_factuality", None) for board in ("text", "search")},
    **{
        board: (board, False)
        for board in ("text_to_image", "image_edit", "text_to_video", "image_to_video")
    },
    "video_edit": ("video_edit", False),
}
_AGENT = "agent"

# The dataset's words -> those of the arena catalogue, where the two name the same votes.
_RENAMED = {
    "overall": "full",
    "full": "full",
    "hard_prompts": "hard_6",
    "hard_prompts_english": "hard_english_6",
    "instruction_following": "if",
    "longer_query": "long_user",
    "multi_turn": "multiturn",
    "exclude_ties": "no_tie",
}
_LANGUAGES = names(
    "chinese english french german japanese korean polish russian spanish non_english"
)
_TEXT = frozenset(
    [*_RENAMED, *_LANGUAGES, *ARENA_INDUSTRIES, "coding", "math", "creative_writing", "expert"]
)
_VISION = names(
    "overall full chinese english captioning creative_writing creative_writing_vision diagram "
    "entity_recognition homework humor ocr"
)
# Boards whose every category is known; of the others only the whole board is read.
_KNOWN = {
    "text": _TEXT,
    "text_factuality": _TEXT,
    "vision": frozenset(_VISION),
}
_WHOLE = ("overall", "full")


def parse(raw: RawFiles) -> Parsed:
    """The ratings of every board; each edition is dated by its own publication day."""
    parsed = Parsed()
    boards: dict[str, list[RawFile]] = defaultdict(list)
    for f in raw.matching("*.parquet"):
        folder = f.name.rsplit("/", 2)[-2] if "/" in f.name else ""
        if folder not in _BOARDS and not folder.startswith(_AGENT):
            raise UpstreamChanged(_ID, f.name, f"an unknown board {folder!r}")
        boards[folder].append(f)
    for config, files in sorted(boards.items()):
        if config.startswith(_AGENT):
            for f in files:
                height = _read(f, _SCORED).height
                parsed.dropped["an agent score, which is no Bradley-Terry rating"] += height
        else:
            _board(parsed, config, files)
    return parsed


def _read(f: RawFile, columns: frozenset[str]) -> pl.DataFrame:
    table = f.parquet()
    if extra := set(table.columns) - columns:
        raise UpstreamChanged(_ID, f.name, f"unknown field(s) {', '.join(sorted(extra))}")
    if missing := columns - set(table.columns):
        raise UpstreamChanged(_ID, f.name, f"missing field(s) {', '.join(sorted(missing))}")
    return table


def _board(parsed: Parsed, config: str, files: Iterable[RawFile]) -> None:
    board, style = _BOARDS[config]
    where = ", ".join(f.name for f in files)
    try:
        table = pl.concat([_typed(_read(f, _RATED)) for f in files])
    except pl.exceptions.PolarsError as error:
        raise UpstreamChanged(_ID, where, f"a column of another type ({error})") from None
    table = _categories(parsed, table, board, where)
    kept = table.filter(pl.col("rating_elo").is_not_null())
    _count(parsed, "no rating", table, kept)
    once = kept.unique(("category", "model_name", "observed_on"), keep="first", maintain_order=True)
    _count(parsed, "the same edition given twice, in latest and full", kept, once)
    rows = once.select(
        pl.lit(board).alias("board"),
        pl.lit(style, dtype=pl.Boolean).alias("style_control"),
        pl.all(),
        pl.col("observed_on").alias("known_on"),
    )
    parsed.rows.setdefault("arena_ratings", []).extend(rows.iter_rows(named=True))


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    """The columns we keep, under our names and types; rank and variance are not kept."""
    text = {"organisation": "organization", "licence": "license"}
    day = pl.col("leaderboard_publish_date").cast(pl.String).str.slice(0, 10)
    number = {
        "rating_elo": "rating",
        "rating_low_elo": "rating_lower",
        "rating_high_elo": "rating_upper",
    }
    return table.select(
        pl.col("category", "model_name").cast(pl.String),
        *(pl.col(o).cast(pl.String).replace("", None).alias(n) for n, o in text.items()),
        *(pl.col(old).cast(pl.Float64).fill_nan(None).alias(new) for new, old in number.items()),
        pl.col("vote_count").cast(pl.Int64).alias("votes_n"),
        day.str.to_date("%Y-%m-%d").alias("observed_on"),
    )


def _categories(parsed: Parsed, table: pl.DataFrame, board: str, where: str) -> pl.DataFrame:
    """The rows of categories we know, in the arena catalogue's words."""
    given = set(table["category"].unique().to_list())
    known = _KNOWN.get(board)
    if known is None:
        kept = table.filter(pl.col("category").is_in(_WHOLE))
        _count(parsed, f"a category of the {board} board other than the whole", table, kept)
        table = kept
    elif unknown := given - known:
        raise UpstreamChanged(_ID, where, f"unknown categories {sorted(map(str, unknown))}")
    return table.with_columns(pl.col("category").replace(_RENAMED))


def _count(parsed: Parsed, reason: str, before: pl.DataFrame, after: pl.DataFrame) -> None:
    if before.height > after.height:
        parsed.dropped[reason] += before.height - after.height
