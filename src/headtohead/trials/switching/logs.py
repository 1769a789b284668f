"""Which rows of a log are a model's own work."""

from collections import Counter
from collections.abc import Iterable, Iterator

from headtohead.trials.calls import Call

_HIT = "true"


def of_model(calls: Iterable[Call], model: str, dropped: Counter[str]) -> Iterator[Call]:
    """The calls, with those that were asked for by this name counted under it.

    Gateways log the name that answered, and keep the alias that was asked for in a label. Answers
    from a gateway's own cache are left out: no model ran for them, so they cost and prove nothing.

    Args:
        calls: The log.
        model: The model asked about.
        dropped: Reason -> rows left out; counted here.
    """
    for call in calls:
        if call.labels.get("cache_hit", "").lower() == _HIT:
            dropped["answered from the gateway's cache"] += 1
            continue
        if call.model != model and call.labels.get("asked_for") == model:
            call.model = model
        yield call
