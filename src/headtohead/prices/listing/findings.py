"""How `h2h prices --audit` and `h2h prices --usage` are shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.evidence.store import publisher
from headtohead.evidence.words import model_name, seller_name
from headtohead.prices.listing.audit import RULES, Audit, WrongPrice
from headtohead.prices.listing.usage import NO_DAY, Billed, Consequence, Spent
from headtohead.publish.sheet import DataTable, Figure, Sheet, TableColumn, Topic

_SHOWN = 15


def audit_sheet(
    found: Audit,
    costs: Sequence[Consequence],
    *,
    about: str,
    as_of: date,
    sources: Sequence[Citation],
    log: Billed | None = None,
) -> Sheet:
    """The report of an audit.

    Args:
        about: What was looked at: a model's name, or "all price lists".
        costs: What the wrong prices would make of a log, if one was given.
    """
    n = len(found.wrong)
    sentence = (
        f"Of {counted(found.quotes_n, 'listed price')} of {about} known by {as_of}, {n:,} "
        f"{'is' if n == 1 else 'are'} wrong by the rules."
    )
    if found.undecided_n:
        sentence += (
            f" Of {found.undecided_n:,} more that contradict another list no rule says which is "
            "right."
        )
    if costs:
        worst = max(abs(c.wrong_usd - c.right_usd) for c in costs)
        sentence += f" The worst of them would change the cost of the log by ${worst:,.2f}."
    kinds = Counter(w.problem for w in found.wrong)
    by_kind = Figure(
        "kinds",
        "What is wrong, and by which rule",
        columns=(
            TableColumn("problem", "What is wrong"),
            TableColumn("prices_n", "Prices", 0),
            TableColumn("rule", "Rule", long=True),
        ),
        rows=tuple((kind, count, RULES[kind]) for kind, count in kinds.most_common()),
        shown=len(RULES),
    )
    rows = [finding_json(w, costs) for w in found.wrong]
    columns = [
        TableColumn("since", "Since"),
        TableColumn("model", "Model"),
        TableColumn("seller", "Seller"),
        TableColumn("source", "List"),
        TableColumn("listed", "Listed"),
        TableColumn("problem", "Wrong"),
        TableColumn("right", "Right"),
    ]
    if costs:
        columns.append(TableColumn("log_difference_usd", "On the log ($)", 2))
    order = sorted(rows, key=lambda r: -abs(r["log_difference_usd"] or 0)) if costs else rows
    findings = Figure(
        "findings",
        f"{counted(n, 'wrong price')}",
        columns=tuple(columns),
        rows=tuple(tuple(_cells(row, [c.name for c in columns])) for row in order),
        shown=_SHOWN,
        data=DataTable.of(order),
    )
    notes = []
    if log is not None and not costs:
        notes.append("no wrong price of which the right one is known is of a model in the log")
    return Sheet(
        verb="prices",
        title=f"Audit of {about}",
        sentence=sentence,
        facts=(
            ("Looked at", f"{found.quotes_n:,}"),
            ("Another list of the seller speaks of", f"{found.compared_n:,}"),
            ("Wrong", f"{n:,}"),
            ("Undecided", f"{found.undecided_n:,}"),
        ),
        topics=(Topic(figures=(by_kind, findings) if n else ()),),
        notes=tuple(notes),
        method=tuple(f"{word.capitalize()}: {rule}." for word, rule in RULES.items()),
        sources=tuple(sources),
        as_of=as_of,
        main="findings",
    )


def _cells(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """What a table shows of a finding."""
    right = "not known"
    if row["right_input_usd_per_mtok"] is not None:
        right = _pair(row["right_input_usd_per_mtok"], row["right_output_usd_per_mtok"])
    like = f", like {row['looks_like']}" if row["looks_like"] else ""
    shown = {
        **row,
        "source": publisher(row["source_id"]).partition(",")[0],
        "model": model_name(row["model"]),
        "listed": _pair(row["input_usd_per_mtok"], row["output_usd_per_mtok"]),
        "right": right,
        "problem": f"{row['problem']}{like}",
        "since": str(row["since"]),
    }
    return [shown[name] for name in names]


def _pair(into: float, out: float) -> str:
    return f"${into:g} in, ${out:g} out"


def finding_json(wrong: WrongPrice, costs: Sequence[Consequence] = ()) -> dict[str, Any]:
    """A finding as `--json` lists it."""
    cost = next((c for c in costs if c.wrong is wrong), None)
    right = wrong.right or (None, None)
    return {
        "model": wrong.model,
        "name": wrong.name,
        "seller": seller_name(wrong.provider),
        "provider": wrong.provider,
        "source_id": wrong.source_id,
        "tier": wrong.tier,
        "since": wrong.since,
        "until": wrong.until,
        "input_usd_per_mtok": wrong.usd[0],
        "output_usd_per_mtok": wrong.usd[1],
        "problem": wrong.problem,
        "rule": RULES[wrong.problem],
        "looks_like": wrong.looks_like or None,
        "right_input_usd_per_mtok": right[0],
        "right_output_usd_per_mtok": right[1],
        "right_source_id": wrong.right_source or None,
        "lists_against_n": wrong.against,
        "log_wrong_usd": cost.wrong_usd if cost else None,
        "log_right_usd": cost.right_usd if cost else None,
        "log_difference_usd": cost.wrong_usd - cost.right_usd if cost else None,
    }


def usage_sheet(
    log: Billed,
    *,
    name: str,
    as_of: date,
    sources: Sequence[Citation],
    notes: Sequence[str],
) -> Sheet:
    """The report of a priced log; `name` is that of its file."""
    total, days = log.total, log.days
    when = ""
    if days:
        when = f" on {days[0]}" if len(days) == 1 else f" from {days[0]} to {days[-1]}"
    which = "" if total.priced_n == total.calls_n else f"{total.priced_n:,} of the "
    sentence = (
        f"{which or 'The '}{counted(total.calls_n, 'call')} in {name}{when} "
        f"cost ${total.cost_usd:,.4f} at the prices in force at each minute, as known on {as_of}."
    )
    difference = total.difference_usd
    if difference is None:
        sentence += " The log says no cost."
    else:
        share = difference / total.billed_cost_usd if total.billed_cost_usd else 0.0
        sentence += (
            f" For {counted(total.billed_n, 'call')} the log says ${total.billed_usd:,.4f}: "
            f"${abs(difference):,.4f} ({abs(share):.1%}) "
            f"{'more' if difference >= 0 else 'less'} than these prices."
        )
    figures = [
        _sums("models", "By model", [((m,), s) for m, s in log.by_model.items()], ("Model",))
    ]
    by_day = sorted(log.by_day.items(), key=lambda item: (item[0][0], item[0][1]))
    dated = [((m, "not told" if d == NO_DAY else str(d)), s) for (m, d), s in by_day]
    figures.append(_sums("days", "By model and day", dated, ("Model", "Day")))
    if log.unpriced or log.dropped:
        counts = {**log.unpriced, **{("(no call)", why): n for why, n in log.dropped.items()}}
        most = sorted(counts.items(), key=lambda item: -item[1])
        figures.append(
            Figure(
                "unpriced",
                "What could not be priced",
                columns=(
                    TableColumn("model", "Model"),
                    TableColumn("calls_n", "Calls", 0),
                    TableColumn("reason", "Why", long=True),
                ),
                rows=tuple((model, n, reason) for (model, reason), n in most),
                shown=_SHOWN,
            )
        )
    return Sheet(
        verb="prices",
        title=f"What {name} cost",
        sentence=sentence,
        topics=(Topic(figures=tuple(figures)),),
        notes=tuple(notes),
        method=(
            "Each call is priced at the minute it was sent: the model its name meant then, the "
            "hour, the length of its prompt. Cached tokens are part of the input and priced apart; "
            "reasoning is output.",
        ),
        sources=tuple(sources),
        as_of=as_of,
        main="days",
    )


def _sums(
    slug: str,
    title: str,
    rows: Sequence[tuple[tuple[str, ...], Spent]],
    keys: Sequence[str],
) -> Figure:
    """A table of sums."""
    columns = (
        *(TableColumn(key.lower(), key) for key in keys),
        TableColumn("calls_n", "Calls", 0),
        TableColumn("priced_n", "Priced", 0),
        TableColumn("cost_usd", "Cost ($)", 4),
        TableColumn("billed_n", "Billed", 0),
        TableColumn("billed_usd", "Bill ($)", 4),
        TableColumn("difference_usd", "Bill minus cost ($)", 4),
    )
    return Figure(
        slug,
        title,
        columns=columns,
        rows=tuple(
            (
                *key,
                s.calls_n,
                s.priced_n,
                s.cost_usd if s.priced_n else None,
                s.billed_n,
                s.billed_usd if s.billed_n else None,
                s.difference_usd,
            )
            for key, s in rows
        ),
        shown=_SHOWN,
    )


def spent_json(model: str, spent: Spent) -> dict[str, Any]:
    """The calls of a model as `--json` lists them."""
    return {
        "model": model,
        "calls_n": spent.calls_n,
        "priced_n": spent.priced_n,
        "cost_usd": spent.cost_usd if spent.priced_n else None,
        "billed_n": spent.billed_n,
        "billed_usd": spent.billed_usd if spent.billed_n else None,
        "billed_calls_cost_usd": spent.billed_cost_usd if spent.billed_n else None,
        "difference_usd": spent.difference_usd,
    }
