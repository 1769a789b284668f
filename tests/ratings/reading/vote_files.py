"""Writing tiny votes in the layouts that publishers use; all content is invented."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import VoteOptions
from headtohead.ratings.tally import Tally, tally

Record = Mapping[str, Any]


def write(path: Path, records: Sequence[Record]) -> Path:
    """The records in the kind of file that the name says."""
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(list(records)), path)
        return path
    texts = {
        "json": lambda: json.dumps(list(records), indent=1),
        "jsonl": lambda: "\n".join(map(json.dumps, records)) + "\n",
    }
    text = texts[kind]() if kind in texts else _separated(records, "\t" if kind == "tsv" else ",")
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def _separated(records: Sequence[Record], separator: str) -> str:
    lines: list[str] = []

    class Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    writer = csv.DictWriter(Lines(), list(records[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(records)
    return "".join(lines)


def counted(source: object, by: Sequence[str] = (), **options: Any) -> Tally:
    """The tally of a source; it must add up."""
    window = options.pop("window", None)
    rows = options.pop("chunk_rows", 1 << 18)
    made = tally(open_votes(source, VoteOptions(**options), rows), by, window)
    assert made.rows_read == made.used + sum(made.dropped.values())
    return made


def cells(made: Tally, board: str = "all") -> dict[tuple[str, str], list[int]]:
    """Pair -> votes of a board."""
    counts = made.boards[board]
    names = counts.models
    return {
        (names[a], names[b]): votes.tolist()
        for a, b, votes in zip(counts.first, counts.second, counts.votes, strict=True)
    }


def plain(*rows: tuple[Any, Any, Any]) -> dict[str, list[Any]]:
    """Votes (model_a, model_b, winner) as plain columns."""
    return {
        name: [row[i] for row in rows] for i, name in enumerate(("model_a", "model_b", "winner"))
    }
