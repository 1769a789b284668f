"""How `h2h training-cost` is shown: a cost by method, each with what it counts and how it came."""

from itertools import chain, repeat

from headtohead.core.estimate import Interval
from headtohead.core.units import show, span_of
from headtohead.prices.training.costs import TrainingCost
from headtohead.prices.training.result import TrainingResult
from headtohead.prices.training.scopes import SCOPES
from headtohead.publish.sheet import Bar, Bars, DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.words import listed

_SAID = {
    "amortised": "in worn-off hardware and energy",
    "cloud": "at cloud prices",
    "acquisition": "to buy the cluster",
    "final-run": "at the rental price assumed",
    "flops": "by its compute at cloud prices",
}


def training_sheet(result: TrainingResult) -> Sheet:
    """The report of one model, or two."""
    two = len(result.models) == 2
    figures = (_ratios(result),) if two else ()
    held, known, error = result.held
    return Sheet(
        verb="training-cost",
        title=" over ".join(reversed(result.models)),
        word=_word(result),
        sentence=_ratio_said(result) if two else _costs_said(result),
        topics=(
            Topic(
                figures=(
                    *figures,
                    _costs(result),
                    _steps(result),
                    *_published(result),
                )
            ),
        ),
        method=(
            "Wear, servers, network and energy are reckoned as Epoch AI does: hardware loses 32% "
            "of its price a year, a server costs 1.64 times its chips (A100: 1.66), the network is "
            "19% of a cluster, energy is that of chips, servers and site at US industrial prices.",
            "Compute is 6 x active parameters x tokens. Hours from compute take the 16-bit peak of "
            f"the chip and a band of utilisation, which grows with the active parameters, from "
            f"{known} runs with known hours; of these, each left out in turn, its 80% band holds "
            f"{held}, and the median error of the hours is {error:.0%}.",
            "An interval spans the cheapest to the dearest quote, within a year where rented; "
            "hours from compute and prices add in squares. Two models err independently.",
        ),
        sources=result.citations,
        as_of=result.as_of,
        notes=_notes(result),
    )


def _word(result: TrainingResult) -> str:
    values = [ratio.value for ratio in result.ratios.values()]
    if values:
        ends = dict.fromkeys(f"{value:.3g}" for value in (min(values), max(values)))
        return f"{' TO '.join(ends)} TIMES"
    usd = sorted(made.usd.value for made in result.costs.values())
    both = " TO ".join(map(_money, dict.fromkeys((usd[0], usd[-1]))))
    return both if len(usd) == 1 else f"{both}, BY SCOPE"


def _money(usd: float) -> str:
    return show(usd, "usd")


def _costs_said(result: TrainingResult) -> str:
    dollars = next(iter(result.costs.values())).dollars
    said = [
        f"{_shown(made)} {_SAID[method]}"
        + (f" (dollars {made.dollars})" if made.dollars != dollars else "")
        for (_, method), made in result.costs.items()
    ]
    scopes = " These count different things: each stands by itself." if len(said) > 1 else ""
    return f"In dollars {dollars}, training {result.models[0]} cost {listed(said)}.{scopes}"


def _shown(made: TrainingCost) -> str:
    ends = span_of(made.usd.low, made.usd.high, _money)
    return _money(made.usd.value) + (f" ({ends})" if made.usd.low < made.usd.high else "")


def _ratio_said(result: TrainingResult) -> str:
    a, b = result.models
    said = [
        f"{ratio.value:.3g} times{_ends_of(ratio)}{compared} {_SAID[method]}"
        for (method, ratio), compared in zip(
            result.ratios.items(), chain((f" what training {a} did",), repeat("")), strict=False
        )
    ]
    return f"Training {b} cost {listed(said)}."


def _ends_of(ratio: Interval) -> str:
    """The ends of a ratio, unless rounding leaves none."""
    low, high = f"{ratio.low:.3g}", f"{ratio.high:.3g}"
    return f" ({low} to {high})" if low != high else ""


def _ratios(result: TrainingResult) -> Figure:
    a, b = result.models
    return Figure(
        "ratios",
        "Ratio",
        f"What did {b} cost over {a}, method by method?",
        columns=(
            TableColumn("method", "Method"),
            TableColumn("ratio", "Ratio", 2),
            TableColumn("low_ratio", "From", 2),
            TableColumn("high_ratio", "To", 2),
            TableColumn("counts", "What is counted", long=True),
        ),
        rows=tuple(
            (method, r.value, r.low, r.high, SCOPES[method].counts)
            for method, r in result.ratios.items()
        ),
        bars=Bars(
            f"times, {b} over {a}",
            tuple(Bar(m, r.value, r.low, r.high) for m, r in result.ratios.items()),
            log=True,
        ),
    )


def _costs(result: TrainingResult) -> Figure:
    rows = tuple(
        (
            model,
            method,
            *(_money(end) for end in (made.usd.value, made.usd.low, made.usd.high)),
            made.ends,
            made.scope.counts,
            made.dollars,
            made.scope.leaves_out,
        )
        for (model, method), made in result.costs.items()
    )
    # Of two models the ratios say what is counted.
    first = 0 if len(result.models) == 2 else 1
    return Figure(
        "costs",
        "Cost",
        "What did it cost, and what does each figure count?",
        columns=_COLUMNS[first : first + 6],
        rows=tuple(row[first : first + 6] for row in rows),
        data=DataTable(
            _COLUMNS,
            tuple(
                (*row[:2], made.usd.value, made.usd.low, made.usd.high, *row[5:])
                for row, made in zip(rows, result.costs.values(), strict=True)
            ),
        ),
        remarks=_read_with(result),
    )


_COLUMNS = (
    TableColumn("model", "Model"),
    TableColumn("method", "Method"),
    TableColumn("cost_usd", "Cost", 0),
    TableColumn("low_usd", "From", 0),
    TableColumn("high_usd", "To", 0),
    TableColumn("ends", "Ends"),
    TableColumn("counts", "What is counted", long=True),
    TableColumn("dollars", "Dollars"),
    TableColumn("leaves_out", "What is not", long=True),
)


def _read_with(result: TrainingResult) -> tuple[str, ...]:
    """What is left out, in which dollars, how the ends are to be read, and what is not known."""
    two = len(result.models) == 2
    left_out: dict[str, dict[str, None]] = {}
    dollars: dict[str, dict[str, None]] = {}
    one_sided: dict[str, list[str]] = {}
    for (model, method), made in result.costs.items():
        left_out.setdefault(made.scope.leaves_out, {})[method] = None
        dollars.setdefault(made.dollars, {})[method] = None
        if made.one_sided:
            one_sided.setdefault(made.one_sided, []).append(f"{model}, {method}" if two else method)
    unratioed = {method for _, method in result.costs} - result.ratios.keys()
    return (
        *(f"{m} counts {SCOPES[m].counts}" for m in sorted(unratioed) if two),
        *(f"Not in {listed(methods)}: {what}" for what, methods in left_out.items()),
        *(f"{listed(methods)}: dollars {of}" for of, methods in dollars.items()),
        *(
            f"{listed(of)}: the quote that counts is the {end}, so the interval has one side"
            for end, of in one_sided.items()
        ),
        *(why for why in result.lacking.values()),
    )


def _steps(result: TrainingResult) -> Figure:
    return Figure(
        "steps",
        "Steps",
        "How did each cost come about?",
        columns=(
            TableColumn("model", "Model"),
            TableColumn("method", "Method"),
            TableColumn("step", "Step", long=True),
            TableColumn("figure", "Figure", long=True),
        ),
        rows=tuple(
            (model, method, step, figure)
            for (model, method), made in result.costs.items()
            for step, figure in made.steps
        ),
        shown=30 if _of_one_method(result) else 0,
    )


def _of_one_method(result: TrainingResult) -> bool:
    """Whether a terminal has room for more than costs and ratios."""
    return len({method for _, method in result.costs}) == 1


def _published(result: TrainingResult) -> tuple[Figure, ...]:
    if not result.published:
        return ()
    columns = (
        TableColumn("model", "Model"),
        TableColumn("cost", "Cost"),
        TableColumn("publisher", "Publisher"),
        TableColumn("scope", "What it counts, in its words", long=True),
    )
    rows = tuple(
        (p.model, Linked(_money(p.usd), p.url), p.publisher, p.scope) for p in result.published
    )
    first = 2 - len(result.models)
    return (
        Figure(
            "published",
            "Published",
            "What do others say, and what do they count?",
            columns=columns[first:],
            rows=tuple(row[first:] for row in rows),
            data=DataTable(
                (*columns, TableColumn("cost_usd", "Cost $")),
                tuple((*row, p.usd) for row, p in zip(rows, result.published, strict=True)),
            ),
            shown=10 if len(result.models) == 1 or _of_one_method(result) else 0,
        ),
    )


def _notes(result: TrainingResult) -> tuple[str, ...]:
    runs = {made.run.model: made.run for made in result.costs.values()}
    said = [f"{name}: {run.note}" for name, run in runs.items() if run.note]
    said += [
        f"{n}: a figure of its run could not be checked" for n, r in runs.items() if not r.verified
    ]
    return tuple(said)
