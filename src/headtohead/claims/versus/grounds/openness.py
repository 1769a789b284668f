"""Openness: weights, licence, code and data."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from headtohead.claims.versus.line import Ahead, Line, described, last_seen, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.estimate import Estimate
from headtohead.evidence.picking import shown
from headtohead.openness.licences import narrower, terms

_ASKED = (
    ("weights", "Weights that anyone can download", "open weights", ("weights_open",), "saving"),
    (
        "licence",
        "Weights under a licence that the Open Source Initiative approves",
        "an approved licence",
        ("weights_open", "licence_osi"),
        "context",
    ),
    (
        "training",
        "Training code and data published as well",
        "open training code and data",
        ("weights_open", "code_open", "data_open"),
        "context",
    ),
)
_COLUMNS = "model_name organisation weights_open licence licence_osi code_open data_open valid_from"


def lines(pair: Pair) -> Iterator[Line]:
    """Of two models what each offers; of two groups how many of their flagships offer it."""
    if not pair.models:
        yield from (_shares(pair, *asked) for asked in _ASKED)
        return
    yield _of_models(pair)
    yield _class(pair)


def _of_models(pair: Pair) -> Line:
    what, short = "Weights, licence, training code and data", "openness"
    rows = [
        r.filter(pl.col("valid_from") <= pair.about.end).sort("valid_from").tail(1)
        for r in pair.rows("openness")
    ]
    said = []
    # What the list says of a model was not known before the model was out.
    models = [
        m if m and not (m.released_on and m.released_on > pair.as_of) else None
        for m in map(pair.facts.names.model, (pair.a, pair.b))
    ]
    for listed, row in zip(models, rows, strict=True):
        open_weights = listed.open_weights if listed else None
        if row.height:
            said.append(_offer(row.row(0, named=True), listed.licence if listed else ""))
        elif open_weights and listed and listed.licence:
            said.append(f"open weights; {terms(listed.licence).in_words()}")
        else:
            said.append({True: "open weights", False: "closed", None: ""}[open_weights])
    weights = [listed.open_weights if listed else None for listed in models]
    if None in weights:
        return unknown("openness", what, short, "whether the weights of both are open is not known")
    ahead: Ahead = "facts" if weights[0] == weights[1] else "b" if weights[1] else "a"
    both = pl.concat(rows)
    return Line(
        slug="openness",
        what=what,
        a=said[0],
        b=said[1],
        ahead=ahead,
        says=f"{pair.names[0]}: {said[0]}; {pair.names[1]}: {said[1]}",
        short=short,
        gain="can be downloaded and run on machines of one's own",
        loss="cannot be downloaded",
        bears="saving",
        since=both["valid_from"].max() if both.height and ahead != "facts" else None,  # type: ignore[arg-type]
        observed_on=last_seen(shown(both, _COLUMNS), "valid_from"),
        rows=shown(both, _COLUMNS),
    )


def _offer(row: Mapping[str, Any], listed: str) -> str:
    """What a model offers, under the licence as our list names it where that is more exact."""
    if not row["weights_open"]:
        return "closed: no weights to download"
    licence = listed if narrower(listed, row["licence"]) else row["licence"]
    approved = "" if row["licence_osi"] else "not "
    known = {True: "published", False: "not published", None: "not known"}
    return (
        f"open weights; {terms(licence).in_words()}, {approved}approved by the Open Source "
        f"Initiative; training code {known[row['code_open']]}; training data "
        f"{known[row['data_open']]}"
    )


def _shares(
    pair: Pair,
    slug: str,
    what: str,
    short: str,
    criteria: tuple[str, ...],
    bears: Any,  # noqa: ANN401
) -> Line:
    what = f"{what}, share of flagships"
    answers = [
        pair.ask("openness.flagships", {"which": words, "criteria": list(criteria)})
        for words in pair.filters
    ]
    lacking = [a.missing for a in answers if a.missing]
    if lacking:
        return unknown(slug, what, short, lacking[0], bears)
    a, b = (answer.estimates[0] for answer in answers)
    ahead: Ahead = "open"
    if b.low > a.high:
        ahead = "b"
    elif a.low > b.high:
        ahead = "a"
    elif a.low == a.high == b.low == b.high:
        ahead = "level"
    rows = tuple(r for answer in answers for r in answer.rows)
    return Line(
        slug=slug,
        what=what,
        a=_share(a),
        b=_share(b),
        ahead=ahead,
        says="; ".join(answer.says for answer in answers),
        short=short,
        gain=f"has {short} in {_share(b)} flagships, against {_share(a)}",
        loss=f"has {short} in {_share(b)} flagships only, against {_share(a)}",
        bears=bears,
        observed_on=last_seen(rows, "valid_from"),
        rows=rows,
    )


def _share(e: Estimate) -> str:
    met = round(e.low * e.n)
    perhaps = round(e.high * e.n)
    most = f" to {perhaps}" if perhaps > met else ""
    return f"{met}{most} of {e.n} ({e.value:.0%})"


def _class(pair: Pair) -> Line:
    what, short = "Class of the Model Openness Framework", "the openness class"
    sides = [
        rows.filter(pl.col("evaluated_on") <= pair.about.end).sort("evaluated_on").tail(1)
        for rows in pair.rows("openness_classes")
    ]
    said = [_classed(rows) for rows in sides]
    return described(
        "openness-class",
        what,
        short,
        pair.names,
        said,
        rows=shown(pl.concat(sides), "model_name openness_class open_components_n evaluated_on"),
        seen="evaluated_on",
        neither="neither was put into a class",
    )


def _classed(rows: pl.DataFrame) -> str:
    """The class of one model, with how many of the components it asks for are open."""
    if rows.is_empty():
        return ""
    row = rows.row(0, named=True)
    return f"{row['openness_class']} ({row['open_components_n']} of 14 components open)"
