"""Makes the built-in evidence from a folder of raw public files: `make evidence FROM=folder`.

Only sources whose licence lets their rows ship are taken. The result is our own tables; no raw
file is copied. Run it after an importer changes, and read the difference in `h2h diff`.

After a list of names changes, `make names` reads the names of that evidence anew, so that commands
need not. Until then each reads them itself, which takes longer and gives the same.
"""

import argparse
import json
import shutil
import sys
import tomllib
from datetime import date
from pathlib import Path

import polars as pl

from headtohead.core.errors import InputError
from headtohead.evidence.catalogue import importer
from headtohead.evidence.facts import MODEL_TABLES, names_file, printed_names, read_undated
from headtohead.evidence.folder import files_below, fits, raw_files
from headtohead.evidence.ingest import ingest
from headtohead.evidence.sourcing import RawFiles, Source
from headtohead.evidence.store import Store, builtin_folder
from headtohead.names.book import compiled_file, lists
from headtohead.names.names import Names


def build(raw: Path, target: Path, only: set[str]) -> list[str]:
    """Lines saying what was taken; `target` is made anew unless `only` names some sources."""
    vintages = tomllib.loads(Path(__file__).with_name("vintages.toml").read_text(encoding="utf-8"))
    if target.exists() and not only:
        shutil.rmtree(target)
    lines = []
    for source_id, vintage in sorted(vintages.items()):
        if only and source_id not in only:
            continue
        found = importer(source_id)
        if found.source.ship != "yes":
            continue
        for edition in filter(None, (vintage.get("before"), vintage)):
            known_on = date.fromisoformat(edition["known_on"])
            files = raw_from_folder(found.source, raw / edition["folder"], known_on)
            made = ingest(found, files, target, retrieved_on=known_on).entry
            lines.append(f"{source_id}: {dict(made.tables)} dropped {dict(made.dropped)}")
    return lines


def raw_from_folder(source: Source, folder: Path, known_on: date) -> RawFiles:
    """The raw files of a source found below a folder.

    Raises:
        InputError: If the folder is missing or holds none of them.
    """
    paths = [p for p in files_below(folder) if fits(source, p.relative_to(folder).as_posix())]
    if not paths:
        raise InputError(
            f"{folder} holds no file for {source.source_id} "
            f"(looked for {', '.join(source.patterns)})."
        )
    return raw_files(source, folder, paths, known_on)


def read_names() -> str:
    """A line saying how many names of the built-in evidence were read by the lists of today."""
    for old in compiled_file().parent.glob("compiled-*.json"):
        old.unlink()
    # Days become text, which JSON has no other way to write.
    compiled_file().write_text(json.dumps(lists(), ensure_ascii=False, default=str) + "\n", "utf-8")
    names, store = Names.load(), Store(Path(__file__).with_name("none"))
    printed = [printed_names(t, store._everything(t)) for t in MODEL_TABLES]
    read = read_undated(pl.concat(printed), names)
    for old in builtin_folder().glob("names-*.parquet"):
        old.unlink()
    read.sort("model_name", "seller", "maker", nulls_last=True).write_parquet(
        names_file(), compression_level=19
    )
    return f"{read.height} names, {read['moves'].sum()} of them moving"


def main() -> int:
    """Exit code 0 when the folder was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "raw",
        type=Path,
        nargs="?",
        help="folder with one folder of raw files a source; none: only read the names anew",
    )
    parser.add_argument("--target", type=Path, default=builtin_folder())
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.raw:
        for line in build(arguments.raw, arguments.target, set(arguments.only)):
            print(line)
    if arguments.target == builtin_folder():
        print(read_names())
    return 0


if __name__ == "__main__":
    sys.exit(main())
