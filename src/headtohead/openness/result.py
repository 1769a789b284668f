"""What `h2h openness` gives."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.openness.licences import LicenceTerms
from headtohead.openness.record import FLAGS, OpennessRecord, agree
from headtohead.publish.machine import envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OpennessResult(Result):
    """How open some models are.

    Attributes:
        records: One a model, in the order asked for; of a lab the newest first.
        lab: The lab asked for; empty if models were named.
        about: The day it speaks of.
        as_of: The day of our knowledge.
    """

    records: tuple[OpennessRecord, ...]
    lab: str
    about: Period
    as_of: date
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """Every part of one model, or a line for each of several."""
        from headtohead.openness.sheet import openness_sheet

        return openness_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h openness --json` prints: a record a model."""
        results = [_record(one) for one in self.records]
        return envelope("openness", self.about, self.as_of, results, self.citations)


def _record(record: OpennessRecord) -> dict[str, Any]:
    grade, base = record.grade, record.base
    return {
        "model": record.model,
        "name": record.name,
        "lab": record.lab,
        "country": record.country,
        "released_on": record.released_on and str(record.released_on),
        "parts": {
            flag: {
                "value": record.value(flag),
                "conflict": record.conflicts.get(flag),
                "said": [
                    {
                        "value": one.value,
                        "printed": one.printed,
                        "source_id": one.source_id or None,
                        "day": one.day and str(one.day),
                        "verified": one.verified,
                        "url": one.url or None,
                        "agrees": agree(record.of(flag)[0], one),
                    }
                    for one in record.of(flag)
                ],
            }
            for flag in FLAGS
        },
        "components": dict(sorted(record.components.items())),
        "licence": terms_json(record.terms),
        "commercial": record.commercial,
        "base": base and {"name": base.name, "licence": terms_json(record.base_terms)},
        "base_adds": list(record.base_adds),
        "class_least": grade.least,
        "class_most": grade.most,
        "class_why": grade.why,
    }


def terms_json(allowed: LicenceTerms | None) -> dict[str, Any] | None:
    """A licence with its clauses; None if no licence is known."""
    if allowed is None:
        return None
    return {
        "spdx": allowed.spdx,
        "commercial": allowed.commercial,
        "open": allowed.open,
        "unlisted": list(allowed.unlisted),
        "clauses": [
            {
                "licence": one.spdx,
                "osi": one.osi,
                "condition": one.condition,
                "redistribution": one.redistribution,
                "naming": one.naming,
                "uses": one.uses,
                "territory": one.territory,
                "url": one.url,
                "checked": one.checked,
            }
            for one in allowed.licences
        ],
    }
