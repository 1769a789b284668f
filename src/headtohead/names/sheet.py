"""How `h2h names` shows what a name means."""

from headtohead.names.names import Resolution, rule_words
from headtohead.publish.sheet import Answer, Figure, Sheet, TableColumn, Topic

_ANSWERS: dict[str, Answer] = {"matched": "yes", "unmatched": "no", "ambiguous": "undecided"}


def name_sheet(found: Resolution) -> Sheet:
    """What a name means, how it was read, and what else may have been meant."""
    *others, last = found.suggestions or ("",)
    close = f"{', '.join(others)} or {last}" if others else last
    meant = {
        "matched": f"{found.name} is {found.model}.",
        "ambiguous": f"{found.name} may stand for more than one model.",
        "unmatched": f"No listed model is called {found.name}.",
    }[found.status]
    facts = {
        "Model": found.model,
        "Lab": found.lab,
        "Mode": found.mode,
        "Channel": found.channel,
        "Rule": rule_words(found.rule),
    }
    steps = Figure(
        "steps",
        "How it was read",
        columns=(TableColumn("step", "", 0), TableColumn("says", "Step")),
        rows=tuple(enumerate(found.steps, 1)),
        shown=len(found.steps),
    )
    return Sheet(
        verb="names",
        title=found.name,
        word=found.status,
        answer=_ANSWERS[found.status],
        sentence=f"{meant} Did you mean {close}?" if close else meant,
        facts=tuple((name, value) for name, value in facts.items() if value),
        topics=(Topic(figures=(steps,)),),
    )
