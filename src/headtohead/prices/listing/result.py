"""What `prices` gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PricesResult(Result):
    """Offers of a model, findings about price lists, or the costs of a log.

    Attributes:
        details: Everything, as objects: `Listed`, `Audit` or `Billed`.
        results: What `--json` lists: an offer, a finding, or a model of a log each.
        layout: Makes the prices in the layout of genai-prices; None where there are none.
    """

    details: Any
    sheet: Sheet
    results: Sequence[Mapping[str, Any]]
    layout: Callable[[], list[dict[str, Any]]] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        rows = [{k: _plain(v) for k, v in row.items()} for row in self.results]
        head = envelope(self.sheet.verb, None, self.sheet.as_of, rows, self.sheet.sources)
        return head | {"sentence": self.sheet.sentence, "notes": list(self.sheet.notes)}


def _plain(value: object) -> object:
    """Days as text, within lists and maps too."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return finite(value)
