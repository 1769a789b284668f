"""Small made-up sources, plugged in as a user would: a file in the folder of sources."""

import hashlib
import importlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from headtohead.evidence.catalogue import Importer
from headtohead.evidence.sourcing import Download, Parsed, RawFile, RawFiles, Row, Source
from headtohead.evidence.store import Store

TODAY = date(2026, 3, 1)
TOMORROW = date(2026, 3, 2)

_MODULE = '''"""A made-up publisher."""

import gzip
import json
{imports}
from headtohead.evidence.sourcing import Download, Parsed, RawFiles, Record, Source

SOURCE = Source(
    source_id={source_id!r},
    publisher="Toys",
    product="{source_id}",
    citation="Toys (2026).",
    url="https://toys.invalid/",
    licence="CC0-1.0",
    evaluator="third_party",
    ship="no",
    downloads={downloads!r},
    how_to_get={how_to_get!r},
    patterns=("{source_id}*.json", "{source_id}*.json.gz"),
    rows={rows!r},
    whole={whole!r},
)


def parse(raw: RawFiles) -> Parsed:
    """The rows, as they are."""
    parsed = Parsed()
    for f in raw.files:
        content = gzip.decompress(f.content) if f.name.endswith(".gz") else f.content
        for position, fields in enumerate(json.loads(content)):
            record = Record(raw.source_id, f"{{f.name}} entry {{position}}", fields)
            row = {{"chip": record.take("chip"), "maker": record.convert("maker", str)}}
            row["power_w"] = record.convert_maybe("power", float)
            parsed.add("chips", row)
            record.done()
    return parsed
'''


def write_source(
    folder: Path,
    source_id: str,
    *,
    downloads: Sequence[Download] | None = None,
    how_to_get: str = "",
    whole: bool = False,
    rows: tuple[int, int] = (1, 1_000_000),
    imports: str = "",
    replacing: tuple[str, str] = ("", ""),
) -> None:
    """Put a source into a folder that `plugged` offers."""
    if downloads is None:
        downloads = (Download(f"{source_id}.json", f"https://toys.invalid/{source_id}.json"),)
    text = _MODULE.format(
        source_id=source_id,
        downloads=tuple(downloads),
        how_to_get=how_to_get,
        whole=whole,
        rows={"chips": rows},
        imports=imports,
    )
    (folder / f"{source_id}.py").write_text(text.replace(*replacing), encoding="utf-8")
    importlib.invalidate_caches()


def chips(*names: str, power: float = 700.0, **extra: object) -> bytes:
    """A file of the toy publisher."""
    rows = [{"chip": n, "maker": "Toys", "power": power, **extra} for n in names]
    return json.dumps(rows).encode()


def many_chips(count: int) -> bytes:
    """A file of about 1,200 bytes a row: few rows are read in little time, and take many bytes."""
    digests = (hashlib.sha256(str(i).encode()).hexdigest() for i in range(count))
    return chips(*(f"chip-{i}-{18 * digest}" for i, digest in enumerate(digests)))


def in_memory(
    rows: dict[str, Sequence[Row]],
    source_id: str = "toy",
    *,
    whole: bool = False,
    dropped: Sequence[str] = (),
    error: Exception | None = None,
) -> Importer:
    """An importer that gives these rows, or this error, whatever the files hold."""
    source = Source(
        source_id=source_id,
        publisher="Toys",
        product="toy",
        citation="Toys (2026).",
        url="https://toys.invalid/",
        licence="CC0-1.0",
        evaluator="third_party",
        ship="no",
        patterns=("*",),
        rows={name: (0, 1_000_000) for name in rows},
        whole=whole,
    )

    def parse(raw: RawFiles) -> Parsed:
        if error:
            raise error
        made = {name: [dict(r) for r in some] for name, some in rows.items()}
        return Parsed(made, Counter(dropped))

    return Importer(source, parse)


def raw(content: bytes, known_on: date, source_id: str = "toy") -> RawFiles:
    """One raw file."""
    return RawFiles(source_id, (RawFile("toy.json", content),), known_on)


def names(store: Store, day: date = TODAY) -> list[str]:
    """The chips known on a day."""
    return sorted(store.read("chips", day)["chip"])


def picture(store: Store) -> dict[str, Any]:
    """What a store answers and what its catalogue holds, byte for byte."""
    catalogue = store.home / "catalogue.json"
    return {
        "catalogue": catalogue.read_bytes() if catalogue.exists() else b"",
        "tables": {
            p.relative_to(store.home).as_posix(): p.read_bytes()
            for p in sorted((store.home / "tables").rglob("*.parquet"))
        },
        "chips": fresh(store).read("chips", TODAY).rows(),
    }


def fresh(store: Store) -> Store:
    """The same store as another process sees it."""
    return Store(store.home, builtin=store.builtin, curated=store.curated)
