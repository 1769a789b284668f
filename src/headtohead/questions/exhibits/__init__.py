"""The sections of the report, one file each: a SECTION and the builders of its charts."""

import importlib
import pkgutil

from headtohead.questions import FOLDERS
from headtohead.questions.exhibit import ExhibitSpec, ReportSection


def sections() -> tuple[ReportSection, ...]:
    """All sections in the order of the claims; the folder listing is the registry."""
    found: list[ReportSection] = [
        importlib.import_module(f"{__name__}.{info.name}").SECTION
        for info in pkgutil.iter_modules(__path__)
    ]
    places = {slug: place for place, slug in enumerate(FOLDERS)}
    return tuple(sorted(found, key=lambda s: (places.get(s.slug, len(places)), s.slug)))


def exhibit_specs() -> dict[str, ExhibitSpec]:
    """Every exhibit of every section by slug, in reading order."""
    return {spec.slug: spec for section in sections() for spec in section.exhibits}
