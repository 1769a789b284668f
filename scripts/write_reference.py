"""Writes the pages of docs/reference that are made from code: `make docs`."""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

import headtohead
from headtohead.claims.verdict import claims_of
from headtohead.cli import TWINS, commands
from headtohead.core.question import ScopeWord
from headtohead.core.settings import options_of
from headtohead.core.units import unit_of
from headtohead.evidence.catalogue import importers
from headtohead.evidence.curated import curated_sources
from headtohead.evidence.facts import Facts
from headtohead.evidence.sourcing import Source
from headtohead.evidence.store import builtin_folder
from headtohead.evidence.tables import COMMON, Column, Table, tables
from headtohead.logs.opening import FORMATS
from headtohead.questions import analyses

_TWINS = {verb: name for name, verb in TWINS.items()}
_FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
_EXITS = {
    0: "yes, or done",
    1: "no: with `--gate` a claim is false as stated; a name is unmatched",
    2: "undecided: with `--gate` a claim is undecided or not measurable; a name is ambiguous",
    64: "wrong usage or input",
    65: "evidence that is damaged, or whose publisher changed its layout",
    74: "the disk is full or not writable",
    75: "a publisher is out of reach, or another process is writing; try again",
    130: "stopped by the user",
}
_SHIP = {
    "yes": "yes",
    "figures": "only figures cited one by one",
    "no": "no, its licence does not allow it: import it yourself",
}
_EVALUATOR = {
    "first_party": "the makers of the models themselves",
    "third_party": "somebody else than the makers of the models",
    "mixed": "partly the makers of the models themselves",
}


def pages() -> dict[str, str]:
    """File name -> text of every reference page made from code."""
    sources = {name: found.source for name, found in sorted(importers().items())}
    by_hand = [source for source, _ in curated_sources()]
    return {
        "sources.md": "\n".join(_sources_page(sources, by_hand)) + "\n",
        "tables.md": "\n".join(_tables_page(sources, by_hand)) + "\n",
        "analyses.md": "\n".join(_analyses_page()) + "\n",
        "commands.md": "\n".join(_commands_page()) + "\n",
        "claims.md": "\n".join(_claims_page()) + "\n",
        "formats.md": "\n".join(_formats_page()) + "\n",
        "../../NOTICE": "\n".join(_notice(sources, by_hand)) + "\n",
    }


def _sources_page(sources: Mapping[str, Source], by_hand: list[Source]) -> Iterator[str]:
    yield "<!-- Made by `make docs` from src/headtohead/evidence/sources; edit the descriptors. -->"
    yield "# Sources"
    yield (
        f"{len(sources)} sources have an importer, {len(by_hand)} were gathered by hand. "
        "[How to update them](../how-to/update-evidence.md), "
        "[what a table holds](tables.md), [how figures are gathered by hand](curated.md)."
    )
    yield ""
    yield "| source | publisher | licence | built in | `h2h update` | tables |"
    yield "|---|---|---|---|---|---|"
    for name, s in sources.items():
        fetched = "yes" if s.downloads else "with `--from`"
        yield (
            f"| [{name}](#{name}) | {_cell(s.publisher)} | {s.licence} | {s.ship} | {fetched} "
            f"| {_table_links(s)} |"
        )
    for s in sources.values():
        yield from _source(s)
    yield ""
    yield "## Gathered by hand"
    yield "| source | publisher | product | licence | tables |"
    yield "|---|---|---|---|---|"
    for s in by_hand:
        yield (
            f"| {s.source_id} | [{_cell(s.publisher)}]({s.url}) | {_cell(s.product)} "
            f"| {_cell(s.licence)} | {_table_links(s)} |"
        )


def _notice(sources: Mapping[str, Source], by_hand: list[Source]) -> Iterator[str]:
    """Whose data ship with the package, as their licences ask."""
    yield "headtohead"
    yield "Copyright the headtohead developers; licensed under the Apache License 2.0 (LICENSE)."
    yield ""
    yield (
        "The evidence in headtohead/data/evidence was made from the works below, by reading, "
        "selecting\nand converting figures: it is changed, and its publishers do not endorse it. "
        "Where a licence is\nCC-BY-4.0, its text is at "
        "https://creativecommons.org/licenses/by/4.0/legalcode; that of MIT follows\nat the end, "
        "and that of Apache-2.0 is in LICENSE."
    )
    held = json.loads((builtin_folder() / "catalogue.json").read_text(encoding="utf-8"))["imports"]
    shipped = [sources[name] for name in sorted({entry["source_id"] for entry in held})]
    for heading, works in (
        ("Tables", shipped),
        ("Single figures, each cited, of works under licences of their own", by_hand),
    ):
        yield ""
        yield heading
        yield "-" * len(heading)
        for s in works:
            yield f"* {s.product}. {s.publisher}. {s.url}"
            yield f"  {s.citation}"
            if s.ship == "yes":
                yield f"  Licence: {s.licence}"
    yield ""
    yield "MIT License, of the works above that name it; copyright of the publishers named there"
    yield "-" * 85
    yield Path(__file__).with_name("notice_mit.txt").read_text(encoding="utf-8").rstrip()


def _source(s: Source) -> Iterator[str]:
    yield ""
    yield f"## {s.source_id}"
    yield f"{s.product}, by [{s.publisher}]({s.url})."
    yield ""
    yield f"* Cite: {s.citation}"
    yield f"* Licence: {s.licence}. Built in: {_SHIP[s.ship]}."
    yield f"* Measured by {_EVALUATOR[s.evaluator]}."
    bounds = "; ".join(
        f"[{name}](tables.md#{name}) ({fewest:,} to {most:,})"
        for name, (fewest, most) in s.rows.items()
    )
    yield f"* Rows an import may give: {bounds}."
    if s.whole:
        yield "* Published in whole editions: each replaces the one before."
    yield f"* Files it reads: {', '.join(f'`{p}`' for p in s.patterns)}."
    if s.how_to_get:
        yield f"* To get it by hand: {s.how_to_get}"
    for d in s.downloads:
        yield f"* Downloads `{d.name}` from <{d.url}>{', if it is there' if d.optional else ''}."


def _tables_page(sources: Mapping[str, Source], by_hand: list[Source]) -> Iterator[str]:
    yield "<!-- Made by `make docs` from src/headtohead/data/tables.toml; edit it there. -->"
    yield "# Tables"
    yield (
        "Every row of every source is a row of one of these tables. Print one with "
        "`h2h evidence TABLE --as-of DAY`. A numeric name ends in its unit."
    )
    yield ""
    yield "## Columns of every table"
    yield from _columns(COMMON, ())
    for t in tables().values():
        givers = [s.source_id for s in (*sources.values(), *by_hand) if t.name in s.rows]
        yield ""
        yield f"## {t.name}"
        yield f"{t.doc}"
        yield ""
        yield f"From: {', '.join(givers) or 'no source yet'}."
        yield ""
        yield from _limits(t)
        yield from _columns(t.columns, t.key)


def _limits(t: Table) -> Iterator[str]:
    """How long its rows may speak for later days."""
    kinds = [t.limit] if t.limit else list(t.limits.values())
    for limit in kinds:
        yield f"* A {limit.of} decides nothing about a day over {limit.days} days after its own."
    if kinds:
        yield ""


def _columns(columns: tuple[Column, ...], key: tuple[str, ...]) -> Iterator[str]:
    yield "| column | kind | unit | required | what it holds |"
    yield "|---|---|---|---|---|"
    for c in columns:
        numeric = c.kind in ("real", "int")
        measure = unit_of(c.name) if numeric else None
        name = f"**{c.name}**" if c.name in key else c.name
        yield (
            f"| {name} | {c.kind} | {measure.label if measure else ''} "
            f"| {'yes' if c.required else ''} | {_cell(c.doc)} |"
        )
    if key:
        yield ""
        yield "Rows of one source that agree on the bold columns are versions of one fact."


def _analyses_page() -> Iterator[str]:
    yield "<!-- Made by `make docs` from src/headtohead/questions; edit the QUESTIONs. -->"
    yield "# Analyses"
    yield (
        "A reading of a claim names one of these and its scope words. A word without a default is "
        "required. `h2h questions NAME` shows one with the values that its words may have, by day, "
        "and a claim to copy. [How to write claims](../how-to/write-claims.md)."
    )
    for name, found in analyses().items():
        question = found.QUESTION
        yield ""
        yield f"## {name}"
        yield question.asks
        yield ""
        reads = ", ".join(f"[{t}](tables.md#{t})" for t in (*question.reads, *question.optional))
        units = "the unit of the figures" if question.unit_column else " or ".join(question.units)
        yield f"Reads {reads}. Answers in {units}."
        yield ""
        yield "| scope word | kind | default | what it means |"
        yield "|---|---|---|---|"
        for key, word in question.scope.items():
            default = "" if word.default is None else f"`{word.default!r}`"
            choices = f" One of {', '.join(word.choices)}." if word.choices else ""
            if word.kind == "number" and word.ends != ScopeWord("number", "").ends:
                choices = f" From {word.ends[0]:,.12g} to {word.ends[1]:,.12g}."
            yield f"| {key} | {word.kind} | {_cell(default)} | {_cell(word.doc)}{choices} |"


def _claims_page() -> Iterator[str]:
    yield "<!-- Made by `make docs` from src/headtohead/data/claims; edit the claims there. -->"
    yield "# The statements of the reference article"
    yield (
        "How each is read, and why that is fair. As stated keeps the verb, quantifier and scope of "
        "the sentence; a narrower reading relaxes the one thing named. `h2h check` judges them, "
        "`h2h show ID` prints all that stands behind one. "
        "[How to write claims](../how-to/write-claims.md), "
        "[how verdicts are made](../adr/0012-verdicts-as-stated.md)."
    )
    yield ""
    yield "| no. | statement | as stated | narrower | why the reading as stated is fair |"
    yield "|---|---|---|---|---|"
    claims = claims_of(Facts()).claims
    for claim in claims:
        narrower = claim.narrower
        part = f"{narrower.says} *({narrower.relaxes})*" if narrower else ""
        cells = map(_cell, (claim.says, claim.as_stated.says, part, claim.fair))
        yield f"| {claim.id} | {' | '.join(cells)} |"
    yield ""
    yield "## Forecasts"
    yield (
        "A forecast resolves by its reading as stated: from its day on it came true, did not, or "
        "cannot be told; before, `h2h check` says what is so by now. The article gave no "
        "probabilities, and none is made up. "
        "[How forecasts are scored](../how-to/score-forecasts.md)."
    )
    yield ""
    yield "| no. | made on | resolves on |"
    yield "|---|---|---|"
    for claim in claims:
        if claim.forecast:
            yield f"| {claim.id} | {claim.forecast.made_on} | {claim.forecast.resolves_on} |"


def _formats_page() -> Iterator[str]:
    yield ("<!-- Made by `make docs` from src/headtohead/logs/formats; edit the FORMATs. -->")
    yield "# Formats of results and logs"
    yield (
        "What `compare`, `plan`, `items` and `switch` read. A file is recognised by what is in it; "
        "`--format` names the format. A dot means that a file of this format may hold it. What a "
        "file does not say is unknown, and never taken for 0 or for wrong. "
        "[Layouts of votes](votes.md) are `rank`'s."
    )
    yield ""
    kinds = ("scores", "requests", "tokens", "cost", "latency")
    yield f"| format | whose | {' | '.join(kinds)} | what pairs | tried with output of |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, module in sorted(FORMATS.by_name.items()):
        about = module.FORMAT
        held = " | ".join("•" if kind in about.holds else "" for kind in kinds)
        tried = "; ".join(", ".join(part.split()).replace(", ", " ", 1) for part in about.tried)
        yield (
            f"| [{name}]({_how_to(name)}) | {_cell(about.about)} | {held} | {_cell(about.pairs)} "
            f"| {tried or 'its documentation'} |"
        )


def _how_to(format: str) -> str:
    """The page that says how to read a format."""
    folder = _FOLDER.parent / "how-to"
    named = (x for x in sorted(folder.glob("read-*.md")) if f"--format {format}`" in x.read_text())
    return f"../how-to/{next(named).name}"


def _commands_page() -> Iterator[str]:
    yield "<!-- Made by `make docs` from the `command.py` of every folder; edit it there. -->"
    yield "# Commands"
    yield (
        "Every verb has a Python twin of the same name in `headtohead` with the same result; only "
        "`h2h names` is `explain_name`, `h2h questions` is `list_questions`, `h2h sources` is "
        "`list_sources`, `h2h evidence` is `read_evidence` (a data frame) and `h2h update` is "
        "`update_evidence`. An option is the argument of the same name, with _ for -, unless the "
        "table says which. `h2h arena board` is `arena_board`, and so on. Python alone has "
        f"{_python_alone()}."
    )
    yield ""
    yield "| exit code | meaning |"
    yield "|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in _EXITS.items())
    for name, command in sorted(_every_command()):
        yield ""
        yield f"## h2h {name}"
        yield (command.help or "").split("\n\n")[0]
        yield ""
        if isinstance(command, click.Group):
            continue
        yield "| argument or option | what it does |"
        yield "|---|---|"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                said = f"{_does(parameter)}{_in_python(name, parameter)}"
                yield f"| {_cell(_written(parameter))} | {_cell(said)} |"
            else:
                yield f"| `{parameter.make_metavar(click.Context(command))}` | |"


def _every_command() -> Iterator[tuple[str, click.Command]]:
    """Every command as it is typed, those of a group too."""
    for name, command in commands().items():
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {part}", inside) for part, inside in command.commands.items())


def _twin(verb: str) -> Mapping[str, inspect.Parameter]:
    """The parameters of a verb in Python."""
    twin = getattr(headtohead, _TWINS.get(verb, verb.replace(" ", "_")), None)
    return inspect.signature(twin).parameters if twin else {}


def _in_python(verb: str, option: click.Option) -> str:
    """The argument of an option, where it is called otherwise."""
    argument = str(option.name)
    spelt = {name.removeprefix("--").replace("-", "_") for name in option.opts}
    if argument in spelt or argument not in _twin(verb):
        return ""
    off = "=False" if option.is_flag and option.flag_value is False else ""
    return f" In Python: `{argument}{off}`."


def _python_alone() -> str:
    """The choices that no command has as an option."""
    hidden = [
        f"`{_TWINS.get(verb, verb)}({field.name}=)`"
        for verb, command in sorted(commands().items())
        if not isinstance(command, click.Group)
        for kind in getattr(
            getattr(headtohead, _TWINS.get(verb, verb), None), "__settings__", {}
        ).values()
        for field, said in options_of(kind).items()
        if said.hidden
    ]
    progress = "`progress=` (of `switch`, told of each answer: `on_progress=`)"
    return f"{', '.join(hidden)} and {progress}"


def _written(option: click.Option) -> str:
    """An option as it is typed, with what it takes."""
    takes = "" if option.is_flag or option.multiple or _choices(option) else option.metavar or ""
    if option.multiple:
        takes = f"{option.metavar} ..."
    return ", ".join(f"`{name} {takes}`" if takes else f"`{name}`" for name in option.opts)


def _does(option: click.Option) -> str:
    """What an option does, its choices and its default."""
    said = [option.help or ""]
    if choices := _choices(option):
        said[0] += "" if said[0].endswith(".") else "."
        said.append(f"One of {', '.join(choices)}.")
    value = option.default
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if (numeric or (isinstance(value, str) and value)) and "Default:" not in said[0]:
        said.append(f"Default: {value}.")
    return " ".join(said)


def _choices(option: click.Option) -> tuple[str, ...]:
    return tuple(option.type.choices) if isinstance(option.type, click.Choice) else ()


def _table_links(s: Source) -> str:
    return ", ".join(f"[{name}](tables.md#{name})" for name in s.rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Exit code 0 if the pages were written, or are up to date with --check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    check = parser.parse_args().check
    stale = 0
    for name, text in pages().items():
        path = _FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(f"{name} is out of date" if check else f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
