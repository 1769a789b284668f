"""What sparse experts and compressed attention save against a dense model."""

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, named, shown, span

QUESTION = Question(
    asks="How many times less does each token cost in compute and in cache than in a dense peer?",
    reads=("architectures",),
    units=("ratio",),
    scope={
        "models": ScopeWord("models", "The models said to be efficient."),
        "dense": ScopeWord("models", "The dense peer; the first is used."),
        "measures": ScopeWord(
            "texts",
            "active (share of parameters), cache, or both.",
            ("active", "cache"),
            ("active", "cache"),
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Ratios from published configurations: they are exact, so the bounds are rounding only."""
    rows = frames["architectures"]
    peer = named(rows, ask.scope["dense"][0]).head(1)
    if peer.is_empty():
        return ask.lacks(f"the configuration of {ask.scope['dense'][0].name} was not known")
    kept, estimates, absent = [peer], [], []
    for wanted in ask.scope["models"]:
        row = named(rows, wanted).head(1)
        if row.is_empty():
            absent.append(wanted.name)
            continue
        kept.append(row)
        both = pl.concat([row, peer])
        ratios = {
            "active": (
                float(row["total_b"][0]) / float(row["active_b"][0]),
                "parameters held per one used",
            ),
            "cache": (
                float(peer["kv_bytes_per_token"][0]) / float(row["kv_bytes_per_token"][0]),
                f"cache of {peer['model_name'][0]} over its own",
            ),
        }
        for measure in ask.scope["measures"]:
            times, what = ratios[measure]
            estimates.append(
                estimate(
                    ask,
                    both,
                    label=f"{wanted.name}: {what}",
                    interval=times,
                    unit="ratio",
                    method="computed from the published configuration",
                    n=2,
                    n_of="configurations",
                )
            )
    if not estimates:
        return ask.lacks(f"the configuration of {listed(absent)} was not known")
    used = pl.concat(kept)
    says = listed(f"{e.label} {e.value:.1f} times" for e in estimates[:6])
    return Answer(
        estimates=tuple(estimates),
        says=f"by configurations of models released {span(used)}, {says}",
        rows=shown(
            used,
            "model_name organisation attention experts_n total_b active_b compute_gflop_per_token "
            "kv_bytes_per_token released_on",
        ),
        absent=tuple(absent),
    )
