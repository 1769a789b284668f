"""How `h2h training-cost` is shown: a cost by method, each with what it counts and how it came."""

from headtohead.core.units import show, span_of
from headtohead.prices.training.costs import TrainingCost
from headtohead.prices.training.result import TrainingResult
from headtohead.prices.training.scopes import SCOPES
from headtohead.publish.sheet import Bar, Bars, DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.words import listed

_SAID = {
    "amortised": "the final run wore off hardware and used energy worth {0}",
    "cloud": "at cloud prices it took {0}",
    "acquisition": "buying its cluster cost {0}",
    "final-run": "at the rental price assumed the final run cost {0}",
    "flops": "by its compute and cloud prices it took {0}",
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
                    _scopes(result),
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
    made = list(result.costs.values())
    return _money(made[0].usd.value) if len(made) == 1 else f"{len(made)} SCOPES"


def _money(usd: float) -> str:
    return show(usd, "usd")


def _costs_said(result: TrainingResult) -> str:
    said = [_SAID[method].format(_shown(made)) for (_, method), made in result.costs.items()]
    scopes = " These count different things: each stands by itself." if len(said) > 1 else ""
    return f"{result.models[0]}: {'; '.join(said)}.{scopes}"


def _shown(made: TrainingCost) -> str:
    ends = span_of(made.usd.low, made.usd.high, _money)
    return _money(made.usd.value) + (f" ({ends})" if made.usd.low < made.usd.high else "")


def _ratio_said(result: TrainingResult) -> str:
    a, b = result.models
    said = [
        f"{ratio.value:.3g} times ({ratio.low:.3g} to {ratio.high:.3g}) by {method}"
        for method, ratio in result.ratios.items()
    ]
    return f"Training {b} cost {listed(said)} what training {a} did, in the same scope each."


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
            *(made.usd.value, made.usd.low, made.usd.high),
            "80%" if made.level < 1 else "quotes",
            made.dollars,
            made.scope.counts,
            made.scope.leaves_out,
        )
        for (model, method), made in result.costs.items()
    )
    return Figure(
        "costs",
        "Cost",
        "What did it cost?",
        columns=_COLUMNS[:_SHOWN],
        rows=tuple(row[:_SHOWN] for row in rows),
        data=DataTable(_COLUMNS, rows),
        remarks=tuple(f"{m}, {method}: {why}" for (m, method), why in result.lacking.items()),
    )


_COLUMNS = (
    TableColumn("model", "Model"),
    TableColumn("method", "Method"),
    TableColumn("cost_usd", "Cost $", 0),
    TableColumn("low_usd", "From", 0),
    TableColumn("high_usd", "To", 0),
    TableColumn("ends", "Ends"),
    TableColumn("dollars", "Dollars"),
    TableColumn("counts", "What is counted", long=True),
    TableColumn("leaves_out", "What is not", long=True),
)
_SHOWN = 7


def _scopes(result: TrainingResult) -> Figure:
    methods = dict.fromkeys(method for _, method in result.costs)
    return Figure(
        "scopes",
        "Scope",
        "What does each method count, and what not?",
        columns=(_COLUMNS[1], *_COLUMNS[_SHOWN:]),
        rows=tuple((m, SCOPES[m].counts, SCOPES[m].leaves_out) for m in methods),
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
        shown=30,
    )


def _published(result: TrainingResult) -> tuple[Figure, ...]:
    if not result.published:
        return ()
    return (
        Figure(
            "published",
            "Published",
            "What do others say, and what do they count?",
            columns=(
                TableColumn("model", "Model"),
                TableColumn("cost", "Cost"),
                TableColumn("counts", "What is counted", long=True),
                TableColumn("publisher", "Publisher"),
                TableColumn("scope", "In its words", long=True),
            ),
            rows=tuple(
                (p.model, Linked(show(p.usd, "usd"), p.url), p.counts, p.publisher, p.scope)
                for p in result.published
            ),
        ),
    )


def _notes(result: TrainingResult) -> tuple[str, ...]:
    runs = {made.run.model: made.run for made in result.costs.values()}
    said = [f"{name}: {run.note}" for name, run in runs.items() if run.note]
    said += [
        f"{n}: a figure of its run could not be checked" for n, r in runs.items() if not r.verified
    ]
    return tuple(said)
