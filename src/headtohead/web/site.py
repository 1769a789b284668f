"""What stands behind a site: the evidence, the names, and what was worked out for each day."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from headtohead.core.errors import UnknownName
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.names.book import Model
from headtohead.names.names import Names
from headtohead.web.address import Address, Moved
from headtohead.web.statements import Statements, page_path

_MOST_DAYS = 2
"""Days for which what was worked out is kept: each takes some 100 MiB."""


class Site:
    """The evidence that the pages of a site are made of.

    Args:
        today: The day of knowledge of pages whose address has none.
        store: The evidence; the user's own if None. What is worked out for one page is kept for
            the others of that day.
        claims: Files of claims that have pages beside the built-in one.

    Attributes:
        whole: Whether all its pages are made, so that what many share is best worked out at once.
    """

    def __init__(
        self, today: date, store: Store | None = None, claims: Sequence[Path] = ()
    ) -> None:
        self.today = today
        self.store = store or Store()
        self.whole = False
        self.names = Names.load()
        self.statements = Statements(claims)
        self._memories: OrderedDict[date, dict[str, dict[Any, Any]]] = OrderedDict()
        self._edition = self.store.edition

    def on(self, address: Address) -> date:
        """The day of knowledge of a page; its evidence is the one in mind from here on."""
        day = address.day or self.today
        if (edition := self.store.edition) != self._edition:
            self._edition = edition
            self._memories.clear()
        self.store.memory = self._memories.setdefault(day, {})
        self._memories.move_to_end(day)
        if len(self._memories) > _MOST_DAYS:
            self._memories.popitem(last=False)
        return day

    @property
    def facts(self) -> Facts:
        """The evidence, with what was worked out for this day."""
        return Facts(self.store)

    def model(self, word: str, day: date, page: str = "models") -> Model:
        """The model that a word of an address stands for.

        Args:
            page: The first word of the address.

        Raises:
            Moved: If the page has another word for it.
            UnknownName: If it stands for none, with what is spelt alike.
        """
        found = self.names.resolve(word, on=day).model or ""
        model = self.names.model(found)
        if model is None:
            called, meant = self.names.called(day), self.names.suggested(word, day)
            raise UnknownName("model", word, called, meant=meant)
        if word != model_word(found):
            raise Moved(f"{page}/{model_word(found)}")
        return model

    def labs_ahead(self, day: date) -> set[str]:
        """Labs whose first model came out after a day: no page of that day may name them."""
        dated = [(m.lab, m.released_on) for m in self.names.models().values() if m.released_on]
        return {lab for lab, _ in dated} - {lab for lab, on in dated if on <= day}

    def page_of(self, text: object) -> str:
        """The path of the page of a model, a lab or a statement that a cell names; else empty."""
        return self._pages.get(str(text), "") if isinstance(text, str) else ""

    @cached_property
    def _pages(self) -> Mapping[str, str]:
        pages = {lab.name: f"labs/{lab_id}" for lab_id, lab in self.names.labs().items()}
        for model_id, model in self.names.models().items():
            pages |= dict.fromkeys((model_id, model.name), f"models/{model_word(model_id)}")
        for name, file in self.statements.readable(self.facts):
            for claim in file.claims:
                pages.setdefault(claim.says, page_path(name, claim.id))
        return pages


def model_word(model_id: str) -> str:
    """A model in an address: its id without its lab, which no two models share."""
    return model_id.partition("/")[2]


def side_word(kind: str, side: str) -> str:
    """A side of a comparison in an address."""
    return model_word(side) if kind == "model" else side
