"""What named models list their tokens at, and how many times cheaper one is than another."""

from itertools import product

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import counted_of, ratio_words
from headtohead.evidence.picking import estimate, listed, shown
from headtohead.evidence.words import model_name, seller_name
from headtohead.prices.in_force import MIX_WORDS, named_by, notes_on, pair_words, prices_asked
from headtohead.questions.medians import STATISTIC, NamedPair, median_of, without

QUESTION = Question(
    asks="How many times cheaper per token do these models list than those?",
    reads=("prices",),
    units=("ratio",),
    scope={
        **MIX_WORDS,
        "dear": ScopeWord("models", "The models compared with."),
        "cheap": ScopeWord("models", "The models said to be cheaper."),
        "statistic": STATISTIC,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Price of each dear model over price of each cheap one; list prices are exact."""
    named = (*ask.scope["dear"], *ask.scope["cheap"])
    rows, rule = prices_asked(frames, ask, named)
    listed_rows = {}
    for wanted in named:
        # The seller's own word comes first; modes of one model, as thinking, are billed alike.
        spelt = rows.filter(pl.col("model_name") == wanted.name)
        same = rows.filter(pl.col("model_id") == wanted.model) if wanted.model else rows.clear()
        listed_rows[wanted.name] = spelt if spelt.height else same
    dears, cheaps = ([w.name for w in ask.scope[side]] for side in ("dear", "cheap"))
    pairs = []
    for dear, cheap in product(dears, cheaps):
        both = pl.concat([listed_rows[dear].head(1), listed_rows[cheap].head(1)])
        if both.height < 2:
            continue
        times = float(both["price_usd_per_mtok"][0]) / float(both["price_usd_per_mtok"][1])
        names = [model_name(i or n) for i, n in zip(both["model_id"], (dear, cheap), strict=True)]
        one = estimate(
            ask,
            both,
            label=f"{dear} over {cheap}",
            interval=times,
            unit="ratio",
            method=f"list prices in force, {ask.scope['input_share']:.0%} input tokens",
            n=2,
            n_of="list prices",
            called=(f"list price of {names[0]} as a multiple of that of {names[1]}",),
        )
        pairs.append(NamedPair(dear, cheap, named_by(one, both)))
    estimates, absent = [pair.times for pair in pairs], without(pairs, dears, cheaps)
    if not pairs:
        unpriced = dict.fromkeys(
            model_name(w.model or w.name) for w in named if listed_rows[w.name].is_empty()
        )
        return ask.lacks(f"no list price of {listed(unpriced)} on {ask.about.end} was known")
    prices = pl.concat([row.head(1) for row in listed_rows.values()])
    says = listed(
        f"{model_name(row['model_id'])} {pair_words(row)} at {seller_name(row['provider'])} since "
        f"{row['valid_from']}"
        for row in prices.iter_rows(named=True)
    )
    dearer = ask.scope["statistic"] != "median" and all(e.value < 1 for e in estimates)
    ratios = [1 / e.value if dearer else e.value for e in estimates]
    ends = dict.fromkeys(ratio_words(pick(ratios)) for pick in (min, max))
    whose = {
        "maker": "",
        "cheapest": ", each model's at its cheapest credible seller,",
        "median": ", each model's at its middle seller,",
    }[rule]
    day, spread = min(ask.about.end, ask.as_of), " to ".join(ends)
    if ask.scope["statistic"] == "median":
        middle = median_of(ask, pairs, dears, cheaps, prices, "ratio of list prices")
        lacking = f"; no list price of {listed(absent)} was known" if absent else ""
        return Answer(
            estimates=(middle,),
            says=f"tokens, {ask.scope['input_share']:.0%} of them input, list "
            f"{ratio_words(middle.value)} times lower in the median of "
            f"{counted_of(middle.n, middle.n_of)}{whose} at prices in force on {day}, {spread} "
            f"times by pair, and {middle.interval()} with models of both lists drawn anew{lacking}",
            rows=shown(prices, _COLUMNS),
            notes=notes_on(prices),
        )
    return Answer(
        estimates=tuple(estimates),
        says=f"list prices per million tokens{whose} in force on {day} were {says}: {spread} times "
        f"{'dearer' if dearer else 'cheaper'} at the mix used",
        rows=shown(prices, _COLUMNS),
        notes=notes_on(prices),
        absent=absent,
    )


_COLUMNS = (
    "model_name model_id provider input_usd_per_mtok output_usd_per_mtok price_usd_per_mtok "
    "valid_from basis"
)
