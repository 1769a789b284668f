"""Makes the built-in evidence from a folder of raw public files: `make evidence FROM=folder`.

Only sources whose licence lets their rows ship are taken. The result is our own tables; no raw
file is copied. Run it after an importer changes, and read the difference in `h2h diff`.
"""

import argparse
import shutil
import sys
import tomllib
from datetime import date
from pathlib import Path

from headtohead.core.errors import InputError
from headtohead.evidence.catalogue import importer
from headtohead.evidence.folder import files_below, fits, raw_files
from headtohead.evidence.ingest import ingest
from headtohead.evidence.sourcing import RawFiles, Source
from headtohead.evidence.store import builtin_folder


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


def main() -> int:
    """Exit code 0 when the folder was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path, help="folder with one folder of raw files a source")
    parser.add_argument("--target", type=Path, default=builtin_folder())
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    for line in build(arguments.raw, arguments.target, set(arguments.only)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
