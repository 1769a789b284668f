"""What `prices` gives."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headtohead.core.errors import InputError
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet

if TYPE_CHECKING:
    from headtohead.prices.listing.export import Exported


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PricesResult(Result):
    """Offers of a model, findings about price lists, or the costs of a log.

    Attributes:
        details: Everything, as objects: `Listed`, `Audit` or `Billed`.
        results: What `--json` lists: an offer, a finding, or a model of a log each.
        history: The steps of the price, where they were asked for.
        layout: Makes the history in the layout of genai-prices; None where there is none.
    """

    details: Any
    sheet: Sheet
    results: Sequence[Mapping[str, Any]]
    history: Sequence[Mapping[str, Any]] = ()
    layout: "Callable[[], Exported] | None" = None

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        rows = [{k: _plain(v) for k, v in row.items()} for row in self.results]
        head = envelope(self.sheet.verb, None, self.sheet.as_of, rows, self.sheet.sources)
        if self.history:
            head["history"] = list(self.history)
        return head | {"sentence": self.sheet.sentence, "notes": list(self.sheet.notes)}

    def to_genai_prices(self) -> str:
        """The history in the layout of genai-prices, as JSON text.

        Raises:
            InputError: If the result is no listing of a model.
        """
        if self.layout is None:
            raise InputError("Only the prices of one model can be written in this layout.")
        return json.dumps(self.layout().providers, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> object:
    """Days as text, within lists and maps too."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return finite(value)
