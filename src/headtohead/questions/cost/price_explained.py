"""How much of a ratio of list prices what the designs of the cheap models save would explain."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from statistics import median

import polars as pl

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Named, Question, ScopeWord
from headtohead.core.units import counted, ratio_words
from headtohead.evidence.picking import estimate, listed, named, shown, span
from headtohead.evidence.words import model_name
from headtohead.prices.in_force import MIX_WORDS, named_by, notes_on, prices_asked
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.chip import chip_in
from headtohead.prices.serving.models import sizes_in
from headtohead.prices.serving.service import Load, serve
from headtohead.prices.serving.settings import MachineSettings

QUESTION = Question(
    asks="How much of the ratio of list prices would sparse experts, a compressed cache and sparse "
    "attention explain?",
    reads=("prices", "model_sizes", "serving_chips"),
    units=("frac",),
    scope={
        **MIX_WORDS,
        "models": ScopeWord("models", "The models said to be efficient."),
        "dear": ScopeWord("models", "The models whose prices are compared."),
        "dense": ScopeWord(
            "models", "What the dear ones are taken for at most; the first is used."
        ),
        "chip": ScopeWord("text", "What all are served on.", "H800", column="chip"),
        "chips": ScopeWord("number", "How many of them.", 144, ends=(1, 1e6)),
        "answer_tokens": ScopeWord(
            "number", "Of an answer; the prompt follows by the share of input.", 1000, ends=(1, 1e9)
        ),
    },
)
_KV_HEADS, _HEAD = 8, 128  # of the attention that most other open models have


def run(frames: Frames, ask: Ask) -> Answer:
    """Logarithm of what the designs save over that of the ratio of prices, for each pair.

    The designs of the dear models are not published, so that the saving has two bounds: against a
    dense model, and against one with as sparse experts and plain grouped-query attention.
    """
    sizes = frames["model_sizes"]
    chips = frames["serving_chips"].filter(chip=ask.scope["chip"]).drop_nulls("fp8_tflop_per_s")
    wanted: Sequence[Named] = ask.scope["models"]
    dears: Sequence[Named] = ask.scope["dear"]
    rows = {w.name: named(sizes, w).head(1) for w in (*wanted, ask.scope["dense"][0])}
    peer = rows[ask.scope["dense"][0].name]
    unsized = [w.name for w in wanted if rows[w.name].is_empty()]
    if peer.is_empty() or chips.is_empty() or len(unsized) == len(wanted):
        return ask.lacks(
            "the sizes of the dense model, of the chip or of all others were not known"
        )
    prices, _ = prices_asked(frames, ask, (*wanted, *dears))
    priced = {
        w.name: prices.filter(pl.col("model_id") == (w.model or "")).head(1)
        for w in (*wanted, *dears)
    }
    unpriced = [name for name, row in priced.items() if row.is_empty()]
    lacking = list(dict.fromkeys([*unsized, *unpriced]))
    pairs = [p for p in product(wanted, dears) if not {p[0].name, p[1].name} & set(lacking)]
    if not pairs:
        return ask.lacks(f"no list price of {listed(lacking)} on {ask.about.end} was known")
    known = {name: row for name, row in rows.items() if not row.is_empty()}
    try:
        saved = _savings(
            ask, {name: sizes_in(row.row(0, named=True)) for name, row in known.items()}, chips
        )
    except InputError as error:
        return ask.lacks(str(error).rstrip("."))
    ratios = {
        (m.name, d.name): float(priced[d.name]["price_usd_per_mtok"][0])
        / float(priced[m.name]["price_usd_per_mtok"][0])
        for m, d in pairs
    }
    # Nothing can be explained where the model is not the cheaper one.
    shares = {
        pair: [max(math.log(times), 0) / math.log(ratio) for times in saved[pair[0]]]
        for pair, ratio in ratios.items()
        if ratio > 1
    }
    if not shares:
        return ask.lacks("none of the models is cheaper")
    least, most = sorted(median(share[end] for share in shares.values()) for end in (0, 1))
    used = pl.concat([priced[name] for name in dict.fromkeys(n for pair in shares for n in pair)])
    behind = pl.concat([used, *known.values(), chips], how="diagonal_relaxed")
    made = named_by(
        estimate(
            ask,
            behind,
            label="share of the ratio of list prices that the designs would explain",
            # A model of which something is not known may be anything.
            interval=Interval(
                (least + most) / 2, 0 if lacking else least, math.inf if lacking else most
            ),
            unit="frac",
            level=1.0,
            method="roofline of serving on the same chips, on the scale of logarithms; from dear "
            "models that are sparse themselves to dense ones",
            n=len(shares),
            n_of="pairs of models",
            dated=("prices", max(used["valid_from"].to_list())),
        ),
        used,
    )
    says = listed(
        f"{ratio_words(saved[m.name][1])} and {ratio_words(saved[m.name][0])} times less for "
        f"{model_name(rows[m.name]['model_id'][0])}"
        for m in wanted
        if m.name in saved
    )
    middle = median(ratios[pair] for pair in shares)
    return Answer(
        estimates=(made,),
        says=f"the designs explain {least:.0%} of the ratio of list prices, on a logarithmic "
        f"scale, if the dear models are as sparse, and {most:.0%} if they are dense; what they are "
        f"is not published. List prices in force since {span(used)} were {ratio_words(middle)} "
        f"times lower in the median of {counted(len(shares), 'pair')}; served on "
        f"{ask.scope['chips']:.0f} {ask.scope['chip']} chips, as a roofline has it, tokens cost, "
        f"against those of the dense {peer['model_name'][0]} and of a model as sparse with a plain "
        f"cache, {says}",
        rows=shown(used, "model_name model_id provider price_usd_per_mtok valid_from basis"),
        notes=(
            *notes_on(used),
            "the bounds leave out how far off the roofline is: in the median 13% for families of "
            "models that it was not fitted to",
        ),
        absent=tuple(lacking),
    )


def _savings(
    ask: Ask, sizes: Mapping[str, Architecture], chips: pl.DataFrame
) -> dict[str, tuple[float, float]]:
    """Of each model, how many times less its tokens take than a like one's, and a dense one's."""
    chip = chip_in(chips.row(0, named=True))
    answer, share = float(ask.scope["answer_tokens"]), float(ask.scope["input_share"])
    load = Load(input_tokens=answer * share / (1 - share), output_tokens=answer)
    machines = MachineSettings(gpus=int(ask.scope["chips"]), precision="fp8")

    def seconds(shape: Architecture) -> float:
        return serve(shape, chip, load, machines).chip_seconds(share, 0, 1 - share).value

    plain = {
        name: replace(
            shape,
            kv_heads=_KV_HEADS,
            head_dim=_HEAD,
            value_dim=_HEAD,
            kv_rank=0,
            query_rank=0,
            rope_dim=0,
            index_topk=0,
            index_layers=0,
        )
        if shape.kv_rank
        else shape
        for name, shape in sizes.items()
    }
    whole = seconds(sizes[ask.scope["dense"][0].name])
    return {
        word.name: (
            seconds(plain[word.name]) / seconds(sizes[word.name]),
            whole / seconds(sizes[word.name]),
        )
        for word in ask.scope["models"]
        if word.name in sizes
    }
