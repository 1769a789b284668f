"""Every page by what it is about, and those that a text may mean."""

from collections.abc import Iterable, Iterator
from datetime import date
from difflib import get_close_matches

from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.names.reading import key
from headtohead.publish.machine import envelope
from headtohead.publish.sheet import DataTable, Sheet, TableColumn
from headtohead.publish.words import plain
from headtohead.web.kinds import PageKind, Words, kinds
from headtohead.web.models_of_day import models_of_day
from headtohead.web.site import Site, model_word
from headtohead.web.statements import page_path

PAGE = PageKind(
    paths=("search", "search/{text}"),
    title="Search",
    asks="Where is what is known of a model, a lab or a claim?",
)
_MOST = 40
_ALIKE = 5
_Entry = tuple[str, str, str]  # what it is called, what kind of thing it is, path


def answer(site: Site, words: Words, day: date) -> Listing:
    """The pages whose names hold every word of a text; all pages if there is none."""
    text = words.get("text", "")
    every = sorted(entries(site, day), key=lambda one: one[0].casefold())
    found = _matching(site, every, text, day) if text else every
    near = [] if found else _alike(site, every, text, day)
    if not text:
        title = f"Every page: {len(every):,} models, labs and claims"
        says = "Find a name on this page, or search by the box at the top."
    elif found:
        title = f"{counted(len(found), 'page')} for “{plain(text, 80)}”"
        says = f"The nearest is {found[0][0]}."
    elif near:
        title = f"No page for “{plain(text, 80)}”: did you mean {near[0][0]}?"
        says = "These names are spelt alike."
    else:
        title = f"No page for “{plain(text, 80)}”"
        says = "Try a part of the name of a model, of a lab, or a word of a claim."
    shown = (found or near)[: _MOST if text else None]
    sheet = Sheet(
        verb="search",
        title=title,
        sentence=says,
        pages=tuple((f"{name} ({kind})", path) for name, kind, path in shown),
        as_of=day,
    )
    columns = (
        TableColumn("name", "Name"),
        TableColumn("kind", "Kind"),
        TableColumn("page", "Page"),
    )
    table = DataTable(columns, tuple(found))
    results = [{"name": name, "kind": kind, "page": path} for name, kind, path in found]
    found_json = envelope("search", None, day, results, ())
    return Listing(sheet, lambda: found_json, lambda: table)


def frozen(site: Site, day: date) -> Iterable[str]:
    """The list of all pages, in which a script finds."""
    return ("search",)


def entries(site: Site, day: date) -> Iterator[_Entry]:
    """Every page that somebody may look for by name."""
    known = models_of_day(site.facts, day)
    labs = sorted({known.models[i].lab for i in known.known})
    for i in known.known:
        yield known.models[i].name, "model", f"models/{model_word(i)}"
    for lab in labs:
        yield site.names.lab(lab).name, "lab", f"labs/{lab}"
    for name, file in site.statements.readable(site.facts):
        if name:
            yield file.title, "claims", page_path(name)
        for claim in file.claims:
            yield claim.says, "claim", page_path(name, claim.id)
    for module in kinds().values():
        if module.PAGE.place:
            yield module.PAGE.title, "page", module.PAGE.paths[0]


def _alike(site: Site, every: list[_Entry], text: str, day: date) -> list[_Entry]:
    """The pages whose names are spelt nearly as a text that is in none, the nearest first."""
    by_name = {one[0].casefold(): one for one in every}
    spelt = get_close_matches(text[:80].casefold(), by_name, n=_ALIKE, cutoff=0.7)
    meant = [name.casefold() for name in site.names.suggested(text, day)]
    return [by_name[name] for name in dict.fromkeys([*spelt, *meant]) if name in by_name][:_ALIKE]


def _matching(site: Site, every: list[_Entry], text: str, day: date) -> list[_Entry]:
    """Those with every word of the text, the shortest names first; what the name means on top."""
    wanted = key(text).split("-")
    found = [one for one in every if all(word in key(one[0]) for word in wanted)]
    found.sort(key=lambda one: (len(one[0]), one[0]))
    meant = site.names.resolve(text, on=day).model
    path = f"models/{model_word(meant)}" if meant else None
    return [one for one in every if one[2] == path] + [one for one in found if one[2] != path]
