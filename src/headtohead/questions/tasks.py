"""What questions about results by task share: comparable runs, and paired differences."""

import polars as pl

from headtohead.core.estimate import Estimate
from headtohead.core.question import Ask, Named
from headtohead.evidence.picking import estimate, named
from headtohead.stats.bootstrap import paired_difference

# Runs that differ in these are not one test: two harness eras of SWE-bench differ by 11 points.
_PROTOCOL = r"(harness [^;]+|grader [^;]+)"
_FEWEST = 6


def by_task(tasks: pl.DataFrame, models: tuple[Named, ...]) -> pl.DataFrame:
    """The mean score on each task, of the best run of these models in each protocol.

    Returns:
        Columns benchmark, protocol, task, score_frac and those of the citation.
    """
    rows = pl.concat([named(tasks, wanted) for wanted in models]).unique(maintain_order=True)
    protocol = pl.col("setting").fill_null("").str.extract(_PROTOCOL).fill_null("")
    run = ["benchmark", "protocol", "model_name", "setting"]
    rows = rows.with_columns(protocol.alias("protocol"))
    best = rows.group_by(run).agg(pl.col("score_frac").mean().alias("mean_frac"))
    best = best.sort(["mean_frac", *run], descending=[True, *[False] * len(run)], nulls_last=True)
    best = best.unique(["benchmark", "protocol"], keep="first", maintain_order=True)
    kept = rows.join(best.select(run), on=run, how="semi", nulls_equal=True)
    return kept.group_by(["benchmark", "protocol", "task"], maintain_order=True).agg(
        pl.col("score_frac").mean(),
        pl.col("model_name", "model_id", "setting", "source_id", "observed_on", "known_on").first(),
        pl.col("verified").all(),
    )


def paired(
    tasks: pl.DataFrame, ask: Ask, a: tuple[Named, ...], b: tuple[Named, ...]
) -> dict[str, tuple[Estimate, pl.DataFrame]]:
    """Benchmark -> B minus A over shared tasks in percentage points, and the rows behind it.

    Only runs of one protocol are compared; where several protocols have both sides, the one with
    the most shared tasks, and then the first by name, counts.
    """
    if tasks.is_empty():
        return {}
    tasks = tasks.filter(pl.col("benchmark").is_in(list(ask.scope["benchmarks"])))
    ours, theirs = by_task(tasks, a), by_task(tasks, b)
    shared = ours.join(theirs, on=["benchmark", "protocol", "task"], suffix="_b")
    sizes = (
        shared.group_by("benchmark", "protocol")
        .len()
        .sort(["benchmark", "len", "protocol"], descending=[False, True, False])
    )
    by_label = {}
    for name, protocol, size in sizes.unique("benchmark", keep="first", maintain_order=True).rows():
        if size < _FEWEST:
            continue
        pair = shared.filter((pl.col("benchmark") == name) & (pl.col("protocol") == protocol))
        pair = pair.sort("task")
        gap = paired_difference(
            pair["score_frac"].to_numpy(), pair["score_frac_b"].to_numpy(), ask.rng
        )
        one = estimate(
            ask,
            pair,
            label=name,
            interval=gap.rescaled(100),
            unit="pp",
            method="mean paired difference by task, bootstrap over tasks",
            n=size,
            n_of="shared tasks",
        )
        by_label[name] = (one, pair)
    return by_label
