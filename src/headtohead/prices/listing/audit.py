"""Which price lists are wrong: what contradicts a price, which is right, and by which rule.

A quote is what one list says of one model on one day: its price of input and of output. It is held
against the other lists of the same seller in its time, against the quotes before and after it, and
against what other sellers ask. Where two lists disagree, the rules decide in this order:

0. a price below zero;
1. a unit slip: output per input, or the level, is a hundred times off;
2. input and output swapped: no seller asks more for input than for output;
3. a day that cannot be: a list wrote the price on another day than it says, or before the model;
4. a price that the seller changed before, as the list itself or lists of the same name say;
5. a list that contradicts its own history: of its two prices the one that less speaks for;
6. a price unlike the one just before and just after;
7. what the seller documents before all else;
8. most lists of the seller against one, where a list counts once in all its forms;
9. with one list against one, or one list alone: what other sellers ask, a round fraction of what
   others say, and the list's own usual ratios.

A price that is absurd itself speaks against no other, and one that costs up to 1.3 times as much
because it is kept to a region is no error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from headtohead.evidence.store import publisher
from headtohead.evidence.words import BASES, model_name, seller_name

_PAIR = ("input", "output")
_CACHES = ("cache_read", "cache_write")
_LIST = ("source_id", "provider", "model_name", "tier")
_SURE = tuple(BASES)
_SNAPSHOT = _SURE.index("snapshot")
_SAME = 0.011  # of the price: nearer ones are one price, printed differently
_LAG_DAYS = 60  # lists take prices over so late, and nobody calls that wrong
_ENDLESS = 10_000_000
_SLIP = 200  # times off what others say
_OUT_PER_IN = (0.05, 100.0)  # those of models that draw are higher, and other lists say so
_OUT_PER_IN_EVER = (0.005, 900.0)
_LEVELS = (0.0008, 1_000.0)  # dollars per million input tokens that no list has had
_BEFORE_RELEASE = 45  # days
_AHEAD = (150, 3)  # days that a documented price may be known before it holds, and after
_RARE, _ENOUGH = 0.02, 10  # share of a seller's models with a ratio, of at least so many models
_MOST = 0.6  # of the other sellers
_APART = 1.3  # times; nearer prices may be a margin or a region
_ASTRAY = 3.0  # times off what most sellers ask, where no other list speaks of its seller
_FRACTIONS = (0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75)  # that promotions leave of a price
_EDITIONS = ("models_dev", "genai_prices")
# One list in two forms: its editions and the changes between them.
_ONE_LIST = {"models_dev_changes": "models_dev"}
# They pass on the price of whichever host is cheapest at the time.
_ROUTERS = ("openrouter", "vercel", "llmgateway", "kilo", "helicone", "nano-gpt", "zenmux")
_REGION = (
    r"(?:^|[./])((?:us-gov|eu|us|ap|apac|au|jp|ca|sa|me|global|regional|[a-z]{2}-(?:gov-)?[a-z]+-\d)"
    r"(?:-[a-z0-9-]*)?)[./]"
)
# Problems that say themselves what sort of error it is.
_PLAIN = ("below zero", "unit slip", "input and output swapped", "wrong day", "stale")
# What is wrong -> the rule that says so.
RULES = {
    "below zero": "nobody pays for the use of a model",
    "unit slip": "prices per thousand, per million or per token are a thousand times apart",
    "input and output swapped": "no seller asks more for input than for output",
    "wrong day": "a list cannot hold a price of another day than that on which it wrote it, nor "
    "of a day before the model's release",
    "contradicts its own list": "the editions and the history of one list are the same list",
    "a price for one moment": "the same list has one price just before and just after it, and "
    "its seller does not pass on prices of changing hosts",
    "stale": "a price that the seller changed holds no longer, whatever a list still says",
    "less sure": "what the seller documents comes before what a list took in",
    "outvoted": "several lists of the seller agree against one",
    "out of line": "with one list against one, or one list alone, the price that other sellers, "
    "the list's own usual ratios or a round fraction of the usual price speak against is wrong",
}


@dataclass(frozen=True, slots=True)
class WrongPrice:
    """A quote that the rules call wrong.

    Attributes:
        row: Places of its input and output price in the table given.
        problem: A key of `RULES`.
        looks_like: What sort of error it may be: "a promotion as list price", "the price of
            GPT-5", or empty.
        until: First day of the list's next quote; None if it is the last.
        right: Dollars per million tokens of input and output, where another list says; None where
            nobody does.
        right_source: Whose list that is.
        against: How many other lists of the seller contradict it.
    """

    row: tuple[int, int]
    source_id: str
    provider: str
    model: str
    name: str
    tier: str
    since: date
    until: date | None
    usd: tuple[float, float]
    problem: str
    looks_like: str
    right: tuple[float, float] | None
    right_source: str
    against: int

    def __str__(self) -> str:
        what = f" (it looks like {self.looks_like})" if self.looks_like else ""
        right = ""
        if self.right:
            whose = f" by {publisher(self.right_source)}" if self.right_source else ""
            right = f"; right is ${self.right[0]:g} in, ${self.right[1]:g} out{whose}"
        return (
            f"{publisher(self.source_id)}: {model_name(self.model)} at "
            f"{seller_name(self.provider)} for ${self.usd[0]:g} in, ${self.usd[1]:g} out since "
            f"{self.since}: {self.problem}{what}{right}"
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of price lists found.

    Attributes:
        quotes_n: How many quotes were looked at.
        compared_n: How many of them another list of the seller has a word on.
        undecided_n: How many contradict another list, where no rule says which is right.
    """

    wrong: tuple[WrongPrice, ...]
    quotes_n: int
    compared_n: int
    undecided_n: int


def audit(prices: pl.DataFrame, *, model: str = "") -> Audit:
    """The quotes of a table of prices that are wrong by the rules.

    Args:
        prices: Rows of the table `prices`, with entity columns. Names that move have to be read on
            the day of each row.
        model: Findings of this model alone; of all if empty.
    """
    every = _usual(_quotes(prices))
    mine = pl.col("model") == model if model else pl.lit(value=True)
    # Other models matter to one by the names that they share with it.
    names = every.filter(mine)["word"].unique().to_list()
    q = _judged(_compared(every.filter(mine | pl.col("word").is_in(names)))).filter(mine)
    wrong = q.filter(pl.col("problem").is_not_null())
    compared = (pl.col("support") + pl.col("against")) > 0
    open_ = (pl.col("against") > 0) & (pl.col("support") == 0) & pl.col("problem").is_null()
    others = _by_price(every)
    return Audit(
        tuple(_finding(row, others) for row in wrong.iter_rows(named=True)),
        q.height,
        q.filter(compared).height,
        q.filter(open_).height,
    )


def _finding(row: dict[str, object], others: dict[tuple[object, ...], str]) -> WrongPrice:
    """A judged quote as a finding."""
    known: dict[str, object] = row
    usd = (float(str(known["input"])), float(str(known["output"])))
    right = known["right_input"], known["right_output"]
    pair = (float(str(right[0])), float(str(right[1]))) if None not in right else None
    until = known["next_from"]
    since = known["valid_from"]
    assert isinstance(since, date)
    return WrongPrice(
        row=(int(str(known["row_input"])), int(str(known["row_output"]))),
        source_id=str(known["source_id"]),
        provider=str(known["provider"]),
        model=str(known["model"]),
        name=str(known["model_name"]),
        tier=str(known["tier"]),
        since=since,
        until=until if isinstance(until, date) else None,
        usd=usd,
        problem=str(known["problem"]),
        looks_like=_looks_like(known, usd, pair, others),
        right=pair,
        right_source=str(known["right_source"] or "") if pair else "",
        against=int(str(known["against"])),
    )


def _looks_like(
    row: dict[str, object],
    usd: tuple[float, float],
    right: tuple[float, float] | None,
    others: dict[tuple[object, ...], str],
) -> str:
    """What sort of error a contradicted price may be."""
    if row["problem"] in _PLAIN:
        return ""
    other = others.get((row["source_id"], row["provider"], *usd))
    if other and other != row["model"] and len({*usd}) > 1:
        return f"the price of {model_name(other)}"
    if right:
        factors = [a / b for a, b in zip(usd, right, strict=True)]
        if abs(factors[0] - factors[1]) < _SAME and factors[0] < 1:
            return "a promotion as list price"
    return ""


def _by_price(q: pl.DataFrame) -> dict[tuple[object, ...], str]:
    """By list, seller and pair of prices, the model that has them most often."""
    keys = ["source_id", "provider", *_PAIR]
    often = q.group_by([*keys, "model"]).len().sort("len", "model")
    return {row[:4]: row[4] for row in often.iter_rows()}


def _quotes(prices: pl.DataFrame) -> pl.DataFrame:
    """A row for each list, model, tier and day, with the prices and what surrounds them."""
    rows = prices.with_row_index("row").filter(pl.col("token_kind").is_in([*_PAIR, *_CACHES]))
    kept = ("model_id", "lab", "operator", "open", "model_released_on", "served_as", "basis")
    days = ("known_on", "vintage", "valid_to")
    kinds = [
        pl.col(what).filter(pl.col("token_kind") == kind).first().alias(f"{name}{kind}")
        for kind in (*_PAIR, *_CACHES)
        for what, name in (("price_usd_per_mtok", ""), ("row", "row_"))
    ]
    q = rows.group_by([*_LIST, "valid_from"], maintain_order=True).agg(
        *(pl.col(c).first() for c in (*kept, *days)), *kinds
    )
    rank = {word: place for place, word in enumerate(_SURE)}
    sure = pl.col("basis").str.split(":").list.first()
    q = q.filter((pl.col("input") != 0) & (pl.col("output") != 0)).sort(*_LIST, "valid_from")
    q = q.with_columns(
        series=pl.struct(_LIST).rle_id(),
        seller=pl.coalesce("operator", "provider"),
        model=pl.coalesce("model_id", "model_name"),
        served=pl.col("served_as").fill_null(""),
        region=pl.col("model_name").str.extract(_REGION, 1).fill_null(""),
        whose=pl.col("source_id").replace(_ONE_LIST),
        word=pl.col("model_name").str.to_lowercase().str.split("/").list.last(),
        rank=sure.replace_strict(rank, default=len(_SURE)).cast(pl.Int64),
        start=pl.col("valid_from").to_physical().cast(pl.Int64),
    )
    own = pl.col("series")
    around = [
        pl.when(own == own.shift(by)).then(pl.col(column).shift(by)).alias(f"{name}{column}")
        for name, by in (("before_", 1), ("after_", -1))
        for column in (*_PAIR, "cache_read", "start")
    ]
    following = pl.when(own == own.shift(-1)).then(pl.col("valid_from").shift(-1))
    q = q.with_columns(*around, next_from=following)
    stated = pl.col("valid_to").to_physical().cast(pl.Int64)
    # An edition speaks of its day alone.
    seen = pl.when(pl.col("rank") == _SNAPSHOT).then(pl.col("start") + 1)
    return q.with_columns(end=pl.min_horizontal("after_start", stated, seen).fill_null(_ENDLESS))


def _compared(q: pl.DataFrame) -> pl.DataFrame:
    """The quotes with what other lists say in their time.

    `support` and `against` count lists of the same seller, `word_support` and `word_against` those
    with the same name of the model; `ended` counts quotes of the seller with the same price that
    ended over 60 days before, `own_ended` those of the same list, `word_ended` those of the same
    name, whichever model it stood for; `own_against` are other forms of the same list, and
    `own_input` to `own_over` say what one of them has and what speaks for it.
    `right_input`, `right_output` and `right_source` are what the surest contradictor says;
    `others`, `others_agree` and `others_input` are of other sellers, and `mode_input`,
    `mode_output` and `mode_frac` what most of them ask.
    """

    def code(*columns: str) -> np.ndarray:
        return q.select(pl.struct(columns).rank("dense")).to_series().to_numpy().astype(np.int64)

    model, seller, name = (
        code("model", "served", "tier"),
        code("seller", "region"),
        code(*_LIST[1:]),
    )
    whose, word = code("whose"), code("word")
    series, rank, start, end = (q[c].to_numpy() for c in ("series", "rank", "start", "end"))
    pairs = q.select(_PAIR).to_numpy()
    sane = q.select(_sane(*_OUT_PER_IN_EVER) & ~_turned()).to_series().to_numpy()
    n = q.height
    counts = {
        c: np.zeros(n, np.int64)
        for c in (
            "support",
            "against",
            "own_against",
            "own_ended",
            "word_support",
            "word_against",
            "word_ended",
            "others",
            "others_agree",
            "ended",
        )
    }
    surest, right, own = np.full(n, len(_SURE) + 1), np.full(n, -1), np.full(n, -1)
    mode, mode_frac, middle = np.full((n, 2), np.nan), np.zeros(n), np.full(n, np.nan)
    for of in _groups(code("seller", "region", "word", "served", "tier")):
        equal = _equal(pairs[of][:, None], pairs[of][None])
        past = end[of][None] < start[of][:, None] - _LAG_DAYS
        counts["word_ended"][of] = (past & equal).sum(1)
    for of in _groups(model):
        p = pairs[of]
        equal = _equal(p[:, None], p[None])
        # The same list in another form lags by a day; others by weeks.
        lag = np.where(whose[of][:, None] == whose[of][None], 1, _LAG_DAYS)
        meet = (start[of][None] < end[of][:, None] + lag) & (
            end[of][None] > start[of][:, None] - lag
        )
        same_seller = seller[of][:, None] == seller[of][None]
        past = end[of][None] < start[of][:, None] - _LAG_DAYS
        ended = past & equal & same_seller
        counts["ended"][of] = ended.sum(1)
        same_list = (whose[of][:, None] == whose[of][None]) & (name[of][:, None] == name[of][None])
        over = equal & same_list & (end[of][None] < start[of][:, None] - 1)
        counts["own_ended"][of] = over.sum(1)
        # Entries of a list are neighbours, so what it says of each quote is had of all at once.
        starts = np.flatnonzero(np.append(True, series[of][1:] != series[of][:-1]))
        first = of[starts]
        theirs = series[of][:, None] == series[first]
        # What is absurd itself speaks against nothing.
        there = np.logical_or.reduceat(meet & sane[of], starts, axis=1) & ~theirs
        agree = np.logical_or.reduceat(meet & equal, starts, axis=1) & ~theirs
        mine = same_seller[:, starts]
        bad = there & mine & ~agree
        itself = bad & same_list[:, starts]
        called = mine & (word[of][:, None] == word[first])
        counts["own_against"][of] = itself.sum(1)
        counts["others"][of] = (there & ~mine).sum(1)
        counts["others_agree"][of] = (agree & ~mine).sum(1)
        # A list counts once, however many of its entries speak.
        each = np.stack([mine & agree, bad, called & agree, called & bad])
        heard = np.stack(
            [each[:, :, whose[first] == one].any(2) for one in np.unique(whose[of])], 2
        )
        counts["support"][of], counts["word_support"][of] = heard[0].sum(1), heard[2].sum(1)
        counts["against"][of] = (heard[1] & ~heard[0]).sum(1)
        counts["word_against"][of] = (heard[3] & ~heard[2]).sum(1)
        ranks = np.where(bad, rank[first], len(_SURE) + 1)
        surest[of] = ranks.min(1)
        last = len(starts) - 1 - itself[:, ::-1].argmax(1)
        for speaks, which, nearest in ((bad, ranks.argmin(1), right), (itself, last, own)):
            for one in np.unique(which[speaks.any(1)]):
                whom, entries = of[speaks.any(1) & (which == one)], of[theirs[:, one]]
                near = np.abs(start[whom][:, None] - start[entries][None]).argmin(1)
                nearest[whom] = entries[near]
        middle[of], mode[of], mode_frac[of] = _of_others(p, equal, meet, seller[of])
    known = right >= 0
    sources = q["source_id"].to_list()
    columns = {
        **counts,
        "surest": surest,
        "own_input": np.where(own >= 0, pairs[own, 0], np.nan),
        "own_output": np.where(own >= 0, pairs[own, 1], np.nan),
        "own_agree": np.where(own >= 0, counts["others_agree"][own], 0),
        "own_support": np.where(own >= 0, counts["support"][own], 0),
        "own_over": np.where(own >= 0, counts["own_ended"][own], 0),
        "right_input": np.where(known, pairs[right, 0], np.nan),
        "right_output": np.where(known, pairs[right, 1], np.nan),
        "mode_input": mode[:, 0],
        "mode_output": mode[:, 1],
        "mode_frac": mode_frac,
        "others_input": middle,
    }
    said = pl.Series("right_source", [sources[i] if i >= 0 else None for i in right], pl.String)
    q = q.with_columns(*(pl.Series(c, v) for c, v in columns.items()), said)
    return q.with_columns(pl.col(pl.Float64).fill_nan(None))


def _of_others(
    pairs: np.ndarray, equal: np.ndarray, meet: np.ndarray, seller: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the other sellers of one model ask in the time of each quote, by their first quote then.

    Args:
        pairs: Prices of input and output of each quote, [n, 2].
        equal: Whether two quotes have one price; `meet`, whether the second is of the time of the
            first. Both [n, n].

    Returns:
        The middle price of input, the pair that most ask, and the share of them: not a number and
        0 where fewer than two sellers ask, and a share of 0 where only two do.
    """
    n, sellers = len(pairs), np.unique(seller)
    asks, first = np.zeros((n, len(sellers)), bool), np.zeros((n, len(sellers)), np.int64)
    for s, one in enumerate(sellers):
        theirs = np.flatnonzero(seller == one)
        asks[:, s] = meet[:, theirs].any(1) & (seller != one)
        first[:, s] = theirs[meet[:, theirs].argmax(1)]
    asked_n = asks.sum(1)
    some = asked_n >= 2
    middle, mode, share = np.full(n, np.nan), np.full((n, 2), np.nan), np.zeros(n)
    if not some.any():
        return middle, mode, share
    votes = np.stack([(equal[first[:, [s]], first] & asks).sum(1) for s in range(len(sellers))], 1)
    votes[~asks] = -1
    most = pairs[first[np.arange(n), votes.argmax(1)]]
    inputs = np.sort(np.where(asks, pairs[first, 0], np.inf), axis=1)[some]
    middles = [np.take_along_axis(inputs, (asked_n[some, None] - k) // 2, 1)[:, 0] for k in (1, 0)]
    middle[some], mode[some] = (middles[0] + middles[1]) / 2, most[some]
    share[asked_n > 2] = (votes.max(1) / np.maximum(asked_n, 1))[asked_n > 2]
    return middle, mode, share


def _groups(code: np.ndarray) -> Iterator[np.ndarray]:
    """The places of each code that occurs more than once."""
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order], prepend=-1, append=-1))
    for first, last in pairwise(cuts):
        if last - first > 1:
            yield order[first:last]


def _equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether pairs of prices are one price."""
    return np.asarray((np.abs(a - b) <= _SAME * np.maximum(a, b)).all(-1))


def _usual(q: pl.DataFrame) -> pl.DataFrame:
    """The quotes with whether a ratio within them is rare among the seller's models in the list."""
    seller = ["source_id", "provider"]
    for name, part, whole in (
        ("out", "output", "input"),
        ("cached", "cache_read", "input"),
        ("written", "cache_write", "input"),
    ):
        ratio = ((pl.col(part) / pl.col(whole)).log() * 25).round()
        q = q.with_columns(pl.when(pl.col(part) > 0).then(ratio).alias("ratio"))
        models = q.filter(pl.col("ratio").is_not_null()).select(*seller, "model_name", "ratio")
        alike = models.unique().group_by(*seller, "ratio").len("alike")
        every = models.unique().group_by(seller).len("every")
        q = q.join(alike, on=[*seller, "ratio"], how="left", maintain_order="left")
        q = q.join(every, on=seller, how="left", maintain_order="left")
        rare = ((pl.col("alike") - 1) / pl.col("every") < _RARE) & (pl.col("every") >= _ENOUGH)
        q = q.with_columns(rare.fill_null(value=False).alias(f"rare_{name}"))
        q = q.drop("ratio", "alike", "every")
    return q


def _like(a: str, b: str) -> pl.Expr:
    """Whether two pairs of prices of a quote, by the beginnings of their columns, are one."""
    nearer = [
        (pl.col(f"{a}{k}") - pl.col(f"{b}{k}")).abs()
        <= _SAME * pl.max_horizontal(f"{a}{k}", f"{b}{k}")
        for k in _PAIR
    ]
    return pl.all_horizontal(nearer).fill_null(value=False)


def _times(a: str, b: str) -> pl.Expr:
    """How many times the larger of two prices is the smaller; 1 where one is not known."""
    ratio = pl.col(a) / pl.col(b)
    return pl.max_horizontal(ratio, 1 / ratio).fill_null(1.0)


def _turned() -> pl.Expr:
    """Whether input costs more than output."""
    return pl.col("input") > 1.02 * pl.col("output")


def _sane(least: float, most: float) -> pl.Expr:
    """Whether a price is of an order that prices have; output may cost so many times the input."""
    c = pl.col
    low, high = _LEVELS
    right_way = (c("output") / c("input")).is_between(least, most)
    return right_way & c("input").is_between(low, high) & (c("output") <= 3 * high)


def _cut(of: str) -> pl.Expr:
    """Whether both prices are the same round fraction of others."""
    into, out = (pl.col(k) / pl.col(f"{of}{k}") for k in _PAIR)
    round_ = pl.any_horizontal((into - part).abs() < _SAME / 2 for part in _FRACTIONS)
    return round_ & ((into / out - 1).abs() < _SAME)


def _better_than_own() -> pl.Expr:
    """How much more speaks for a quote than for what its list says in another form."""
    c = pl.col

    def more(mine: pl.Expr, other: pl.Expr) -> pl.Expr:
        return (mine.cast(pl.Int64) - other.cast(pl.Int64)).fill_null(0)

    off, other_off = (_times(p, "others_input").log() for p in ("input", "own_input"))
    return (
        3 * more(c("own_over") > 0, c("own_ended") > 0)
        + 2 * more(c("others_agree") > 0, c("own_agree") > 0)
        + 2 * more(c("support") > 0, c("own_support") > 0)
        + more(other_off > off + 0.05, off > other_off + 0.05)
        - c("rare_out").cast(pl.Int64)
        - c("rare_cached").cast(pl.Int64)
    )


def _judged(q: pl.DataFrame) -> pl.DataFrame:
    """The quotes with `problem`, a key of `RULES`; null where nothing is wrong."""
    c = pl.col
    alone = c("support") == 0
    # Endpoints kept to a region cost a tenth more, which lists leave out.
    premium = (c("region") != "") & pl.all_horizontal(
        (c(k) / c(f"right_{k}")).is_between(1.02, 1.3) for k in _PAIR
    ).fill_null(value=False)
    # What the seller documents yields to documents alone.
    heard = (c("rank") > 0) | (c("surest") == 0)
    contradicted = alone & (c("against") > 0) & heard & ~premium
    # Of two that far apart, the one further from a dollar has slipped.
    odder = c("input").log().abs() > c("right_input").log().abs()
    off = (_times("input", "others_input") > _SLIP) | (
        (_times("input", "right_input") > _SLIP) & odder
    )
    jumped = (c("input") / c("before_input") > _SLIP) | (c("output") / c("before_output") > _SLIP)
    dropped = (c("before_input") / c("input") > _SLIP) & (
        c("after_input").is_null() | (_times("input", "after_input") > _SLIP)
    )
    slip = (
        ~_sane(*_OUT_PER_IN_EVER)
        | (alone & ~_sane(*_OUT_PER_IN))
        | (alone & (off | (jumped | dropped).fill_null(value=False)))
    )
    written = (c("known_on") - c("valid_from")).dt.total_days()
    age = (c("valid_from") - c("model_released_on")).dt.total_days()
    ahead, after = _AHEAD
    edition = c("source_id").is_in(_EDITIONS) & (c("rank") == _SNAPSHOT)
    wrong_day = (
        ((c("rank") > 0) & (written != 0))
        | ((c("rank") == 0) & ~written.is_between(-ahead, after))
        | (age < -_BEFORE_RELEASE)
        | (edition & (c("vintage") != c("valid_from")))
        | (c("vintage") < c("known_on"))
    )
    spike = _like("before_", "after_") & ~_like("", "before_")
    still = pl.any_horizontal(
        c(f"{o}input").is_not_null()
        & ~_like("", o)
        & (c("cache_read") == c(f"{o}cache_read"))
        & (c("cache_read") > 0)
        for o in ("before_", "after_")
    )
    asked = (c("mode_frac") >= _MOST) & _like("mode_", "right_")
    unlike, router = c("others_agree") == 0, c("seller").is_in(_ROUTERS)
    far = [(c(p) / c("others_input")).log().abs() for p in ("input", "right_input")]
    odd = pl.any_horizontal("rare_out", "rare_cached", "rare_written")
    # What most other sellers ask is not out of line, nor a price of the past.
    usual = (c("mode_frac") >= _MOST) & _like("mode_", "")
    out_of_line = ~router & ~usual & (c("against") == 1) & ((far[0] > far[1] + 0.2) | odd)
    many = ~router & (c("against") >= 2)
    stale = (
        ((c("ended") > 0) & (c("word_against") > c("word_support")))
        | ((c("own_ended") > 0) & (c("own_against") > 0))
        | (_like("", "before_") & (c("against") >= 3) & (c("against") > 3 * c("support")))
    )
    # Others ask one price, and this list alone asks a fraction of it or some other sum.
    apart = unlike & (c("mode_frac") >= _MOST)
    unheard = alone & (c("against") == 0) & (c("others") > 2) & apart
    times = pl.max_horizontal(*(_times(k, f"mode_{k}") for k in _PAIR))
    astray = unheard & (times > _ASTRAY)
    # A price that the name had before, at a seller that others agree against.
    before = (c("word_ended") > 0) & (c("rank") > 0)
    stale |= before & ((apart & (c("others") > 4) & (times > _APART)) | (c("own_against") > 0))
    cut = (contradicted & _cut("right_")) | (unheard & _cut("mode_"))
    found = [
        ((c("input") < 0) | (c("output") < 0), "below zero"),
        (slip, "unit slip"),
        (_turned(), "input and output swapped"),
        (wrong_day, "wrong day"),
        (contradicted & (c("ended") > 0) & ~router, "stale"),
        (stale & ~(usual & (c("support") > 0)), "stale"),
        (
            contradicted & (c("own_against") > 0) & (_better_than_own() < 0),
            "contradicts its own list",
        ),
        (alone & spike & ~router, "a price for one moment"),
        (contradicted & ~router & unlike & (c("surest") == 0) & (c("rank") > 0), "less sure"),
        (contradicted & unlike & many, "outvoted"),
        (contradicted & (asked | out_of_line), "out of line"),
        (contradicted & unlike & (far[0] > far[1] + 0.4), "out of line"),
        (astray | cut, "out of line"),
        (alone & (c("against") == 0) & still & c("rare_cached"), "out of line"),
    ]
    problem = pl.coalesce(
        pl.when(holds.fill_null(value=False)).then(pl.lit(word)) for holds, word in found
    )
    # What is right where no other list says: the price just before, or the pair turned round.
    swapped = c("problem") == "input and output swapped"
    moment = c("problem") == "a price for one moment"
    rights = {
        kind: pl.when(swapped)
        .then(c(other))
        .when(moment)
        .then(c(f"before_{kind}"))
        .when(c("problem") == "wrong day")
        .then(None)
        .otherwise(c(f"right_{kind}"))
        for kind, other in (("input", "output"), ("output", "input"))
    }
    whose = pl.when(swapped | moment).then(c("source_id")).otherwise(c("right_source"))
    return q.with_columns(problem.alias("problem")).with_columns(
        *(rule.alias(f"right_{kind}") for kind, rule in rights.items()),
        whose.alias("right_source"),
    )
