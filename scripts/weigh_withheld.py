"""Writes data/withheld.toml: which verdicts move with a source that may not ship.

`make withheld FROM=folder` judges the article's claims with what is built in, then with each source
of the folder that is not, and at last with all of them together, and writes down every reading
whose truth differs, with the day from which the source makes it so. A verdict that such a source
would turn is shown as undecided until the user's store holds the source.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from headtohead.claims.verdict import Judged, claims_of, verdicts_on
from headtohead.core.errors import HeadToHeadError
from headtohead.evidence.catalogue import importers
from headtohead.evidence.facts import Facts
from headtohead.evidence.folder import files_below, fits, from_folder
from headtohead.evidence.store import Store

TARGET = Path(__file__).resolve().parents[1] / "src/headtohead/data/withheld.toml"
_HEAD = (
    "# Made by scripts/weigh_withheld.py (`make withheld FROM=folder`): readings of the article's\n"
    "# statements that a source which may not ship would turn. No row of such a source is here.\n"
)
# (sentence, claim, reading) -> what a store makes of it.
Readings = Mapping[tuple[str, str, str], Judged]


def readings(store: Store, as_of: date) -> Readings:
    """Every reading of the article's claims, judged by what a store holds."""
    facts = Facts(store)
    return {
        (v.claim.says, v.claim.id, name): judged
        for v in verdicts_on(facts, claims_of(facts), about=None, as_of=as_of)
        for name, judged in zip(("as_stated", "narrower"), v.judged, strict=False)
    }


def changed(before: Readings, after: Readings) -> list[tuple[str, str, str]]:
    """The readings whose truth is another, and measurable both times."""
    return [
        key
        for key, judged in after.items()
        if before[key].built_in != judged.built_in
        and "not measurable" not in (before[key].built_in, judged.built_in)
    ]


def turned(
    source_ids: Sequence[str], before: Readings, after: Readings, as_of: date
) -> Iterator[str]:
    """A table of the file for each reading whose truth is another with some sources, and each."""
    for says, claim, name in changed(before, after):
        judged = after[says, claim, name]
        first, then = before[says, claim, name].built_in, judged.built_in
        for source_id in source_ids:
            known = [
                e.known_on for e in judged.estimates if e.known_on and source_id in e.source_ids
            ]
            yield (
                f'\n[[withheld]]\nclaim = "{claim}"\nsays = "{says}"\nreading = "{name}"\n'
                f'source_id = "{source_id}"\nbuilt_in = "{first}"\nwith_it = "{then}"\n'
                f"known_on = {max(known, default=as_of)}\n"
            )


def weigh(raw: Path, days: Sequence[date]) -> Iterator[str]:
    """One table for each reading that a source of a folder turns on one of the days."""
    with tempfile.TemporaryDirectory() as home:
        own = Store(Path(home))
        shipped = {c.source.source_id for c in own.cards() if c.builtin}
        before = {day: readings(own, day) for day in days}
    alone: set[tuple[str, str, str, date]] = set()
    with tempfile.TemporaryDirectory() as home:
        together = Store(Path(home))
        for source_id, one in sorted(importers().items()):
            folders = [
                folder
                for folder in sorted(p for p in raw.iterdir() if p.is_dir())
                if any(
                    fits(one.source, p.relative_to(folder).as_posix()) for p in files_below(folder)
                )
            ]
            with tempfile.TemporaryDirectory() as own_home:
                store = Store(Path(own_home))
                for folder in folders if source_id not in shipped else ():
                    try:
                        for held in (store, together):
                            from_folder(held, [source_id], folder, today=max(days))
                    except HeadToHeadError as failure:
                        print(
                            f"{source_id}: {folder.name} was not read ({failure})", file=sys.stderr
                        )
                if source_id in shipped or not store.holds(source_id):
                    continue
                print(f"{source_id} was weighed", file=sys.stderr)
                for day in days:
                    after = readings(store, day)
                    alone |= {(*key, day) for key in changed(before[day], after)}
                    yield from turned([source_id], before[day], after, day)
        for day in days:
            after = readings(together, day)
            more = {
                key: after[key] for key in changed(before[day], after) if (*key, day) not in alone
            }
            for key, judged in more.items():
                behind = {x for e in judged.estimates for x in e.source_ids} - shipped
                yield from turned(sorted(behind), before[day], {key: judged}, day)


def main() -> int:
    """Exit code 0 once the file is written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path, help="folder of raw public files, one folder a source")
    parser.add_argument("days", nargs="+", type=date.fromisoformat, help="days of knowledge")
    given = parser.parse_args()
    tables = dict.fromkeys(weigh(given.raw, given.days))
    TARGET.write_text(_HEAD + "".join(tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
