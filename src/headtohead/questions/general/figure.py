"""Any cited figure: counts of models, data centres or robots, money spent, shares."""

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import units
from headtohead.evidence.picking import listed, shown
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    FIGURE_WORDS,
    figure,
    figure_words,
    measured,
)

QUESTION = Question(
    asks="What is the published figure of each of these subjects?",
    reads=("figures",),
    units=tuple(units()),
    unit_column="unit",
    scope={
        **FIGURE_WORDS,
        "subjects": ScopeWord(
            "texts",
            "Whose figures, as in the figures; empty: both sides.",
            (),
            column="subject",
            within=("topic", "measure"),
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One estimate a subject, its last one up to the end of `about`."""
    wanted = tuple(ask.scope["subjects"]) or (ask.sides.a, ask.sides.b)
    rows = measured(frames["figures"], ask, wanted)
    rows = rows.unique("subject", keep="last", maintain_order=True)
    known = set(rows["subject"])
    if lost := [in_sentence(country_name(name)) for name in wanted if name not in known]:
        return ask.lacks(f"no figure of “{ask.scope['measure']}” of {listed(lost)} was known")
    estimates = [figure(ask, row, row["subject"][0], row["unit"][0]) for row in rows.iter_slices(1)]
    return Answer(
        estimates=tuple(estimates),
        says=f"published figures of “{ask.scope['measure']}”: "
        f"{listed(map(figure_words, rows.iter_rows(named=True)))}",
        rows=shown(rows, FIGURE_COLUMNS),
        notes=tuple(rows["scope"].unique(maintain_order=True)),
    )
