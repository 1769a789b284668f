"""How `h2h names` shows what a name means."""

from headtohead.names.names import Resolution, rule_words
from headtohead.publish.sheet import Answer, Figure, Sheet, TableColumn, Topic
from headtohead.publish.words import listed

_ANSWERS: dict[str, Answer] = {"matched": "yes", "unmatched": "no", "ambiguous": "undecided"}


def name_sheet(meaning: Resolution) -> Sheet:
    """What a name means, how it was read, and what else may have been meant."""
    sentence = {
        "matched": f"{meaning.name} is {meaning.model}.",
        "ambiguous": f"{meaning.name} may stand for more than one model.",
        "unmatched": meaning.group or f"No listed model is called {meaning.name}.",
    }[meaning.status]
    if meaning.suggestions:
        sentence += f" Did you mean {listed(meaning.suggestions, 'or')}?"
    facts = {
        "Model": meaning.model,
        "Lab": meaning.lab,
        "Mode": meaning.mode,
        "Channel": meaning.channel,
        "Rule": rule_words(meaning.rule),
    }
    steps = Figure(
        "steps",
        "How it was read",
        columns=(TableColumn("step", "", 0), TableColumn("says", "Step", long=True)),
        rows=tuple(enumerate(meaning.steps, 1)),
        shown=len(meaning.steps),
    )
    return Sheet(
        verb="names",
        title=meaning.name,
        word=meaning.status,
        answer=_ANSWERS[meaning.status],
        sentence=sentence,
        facts=tuple((name, value) for name, value in facts.items() if value),
        topics=(Topic(figures=(steps,)),),
    )
