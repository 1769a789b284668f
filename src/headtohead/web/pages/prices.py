"""What a model costs at every seller, and what it cost before."""

from collections.abc import Iterable
from datetime import date

from headtohead.prices.listing.result import PricesResult
from headtohead.prices.listing.verb import list_prices
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import models_of_day
from headtohead.web.site import Site, model_word

PAGE = PageKind(
    paths=("prices/{model}",),
    title="Prices of a model",
    asks="What does a model cost at every seller, and what did it cost before?",
)


def answer(site: Site, words: Words, day: date) -> PricesResult:
    """Every offer of a model, and every price since the first one known."""
    model = site.model(words["model"], day, "prices")
    return list_prices(model.model, as_of=day, history=True, store=site.store)


def frozen(site: Site, day: date) -> Iterable[str]:
    """One page for each of the leading models: a whole history takes a second to make."""
    return (f"prices/{model_word(i)}" for i in models_of_day(site.facts, day).leading)
