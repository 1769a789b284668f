"""The files that are mutated: an example of every format, and how each is read."""

import importlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.claims.test_load import GOOD
from tests.fuzz.mutations import Random
from tests.logs.formats.real import FILES
from tests.ratings.reading import test_formats as votes_of
from tests.ratings.reading import test_formats_lmarena as lmarena
from tests.ratings.reading.vote_files import counted, write

from headtohead.capability.own_scores import own_scores
from headtohead.claims.claim import load as load_claims
from headtohead.cli import main
from headtohead.core.dates import day
from headtohead.core.errors import HeadToHeadError
from headtohead.logs.opening import FORMATS, load
from headtohead.names.names import Names
from headtohead.questions import analyses

Read = dict[Any, Any]
DAY = "2025-12-15"
# Beside the examples of the formats, most of which are real files too.
_ORDERED = ("every-eval-ever", "evalscope", "evalscope-0.13.2", "evalscope-1.14.1-mcq")
_REAL = (
    *("deepeval-2.5.5/small-a.json", "evalscope-0.13.2", "evalscope-1.14.1-mcq"),
    *("inspect-0.3.285/small-a.eval", "inspect-0.3.90/small-a.eval"),
    *(
        "lm-eval-0.4.5/small-a",
        "lm-eval-0.4.13/small-a",
        "openai-v2-2.4b0/small-a-latest.otlp.jsonl",
    ),
    *("openinference-0.1.66/small-a.otlp.json", "traceloop-0.62.4/small-a.otlp.jsonl"),
    *("phoenix-20.26.1/frame.csv", "phoenix-20.26.1/frame.jsonl", "phoenix-20.26.1/frame.parquet"),
    *("promptfoo-0.91.3/results.json", "promptfoo-0.121.20/results.json"),
    *("promptfoo-0.121.20/results.jsonl", "promptfoo-0.121.20/results.csv"),
)


@dataclass(frozen=True)
class Seed:
    """A file that is read as it stands.

    Attributes:
        make: Writes it into a folder; gives it, or a folder of files.
        read: What it means, without what says where it stands.
        command: The same by the command line.
        every: Which share of the mutations is read by the command line too: one in so many.
        ordered: Order means something: where a tool names no main metric, its first one counts.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], Read]
    command: Callable[[Path], list[str]]
    every: int = 4
    ordered: bool = False


def files_in(path: Path) -> list[Path]:
    """The file, or all in the folder."""
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


# ---------------------------------------------------------------- runs


def _calls(path: Path) -> Read:
    """Scores of each item, in any order: a repeat has no name of its own."""
    found: Read = {}
    for call in load(path).calls:
        found.setdefault((call.model, call.run, call.key), []).append(call.score)
    return {key: sorted(scores, key=str) for key, scores in found.items()}


def _compared(path: Path) -> list[str]:
    try:
        model = load(path).calls[0].model
    except (HeadToHeadError, IndexError):
        model = ""
    side = f"{path}::{model}" if model else str(path)
    return ["compare", side, side, "--better", "--json"]


def of_format(name: str) -> Callable[[Path], Path]:
    module = FORMATS.by_name[name].__name__.rsplit(".", 1)[-1]  # type: ignore[attr-defined]
    tests = importlib.import_module(f"tests.logs.formats.test_{module}")
    make: Callable[[Path], Path] = tests.example
    return make


def _copy(source: Path, folder: Path) -> Path:
    to = folder / source.name
    return Path(shutil.copytree(source, to) if source.is_dir() else shutil.copy(source, to))


def run_rows(models: str = "ab", n: int = 12) -> list[dict[str, Any]]:
    rng = Random(3)
    return [
        {"id": f"q{i}", "model": m, "score": rng.randint(0, 1), "topic": "xy"[i % 2]}
        for m in models
        for i in range(n)
    ]


def _written(name: str, rows: list[dict[str, Any]]) -> Callable[[Path], Path]:
    return lambda folder: write(folder / name, rows)


def _a_against_b(path: Path) -> list[str]:
    return ["compare", f"{path}::a", f"{path}::b", "--json", "--slice", "topic"]


def _runs() -> dict[str, Seed]:
    seeds = {
        name: Seed(of_format(name), _calls, _compared, ordered=name in _ORDERED)
        for name in sorted(FORMATS.by_name)
    }
    logs = sorted((FILES.parent / "inspect_logs").iterdir())
    held = {f"inspect {log.name}": log for log in logs} | {name: FILES / name for name in _REAL}
    seeds |= {
        name: Seed(partial(_copy, at), _calls, _compared, ordered=name in _ORDERED)
        for name, at in held.items()
    }
    for name in ("rows.jsonl", "rows.json", "rows.csv", "rows.parquet"):
        seeds[f"two sides, {name}"] = Seed(_written(name, run_rows()), _calls, _a_against_b, 2)
    seeds["items"] = Seed(
        _written("six.csv", run_rows("abcdef", 8)),
        _calls,
        lambda path: ["items", str(path), "--json"],
        16,
    )
    return seeds


# ---------------------------------------------------------------- votes


def _cells(path: Path) -> Read:
    """Votes of each pair, none of which may be lost between what was read and what is counted."""
    made, found = counted(path), Counter[Any]()
    counts = made.boards.get("all")
    if counts is None:
        return {}
    for a, b, votes in zip(counts.first, counts.second, counts.votes, strict=True):
        one, other = counts.models[a], counts.models[b]
        ways = (one, other), (other, one), frozenset((one, other)), frozenset((one, other))
        for way, n in zip(ways, votes.tolist(), strict=True):
            found[way] += n
    return {way: n for way, n in found.items() if n}


def _ranked(path: Path) -> list[str]:
    return ["rank", str(path), "--json"]


def _votes() -> dict[str, Seed]:
    plain = [
        {"model_a": a, "model_b": b, "winner": w, "prompt": f"{a}{i}", "at": f"2025-03-0{i + 1}"}
        for a, b in ("xy", "yz", "zx")
        for i, w in enumerate(("model_a", "model_b", "tie", "model_a"))
    ]
    weights = [{"model_a": v["model_a"], "model_b": v["model_b"]} for v in plain[::4]]
    rows: dict[str, list[dict[str, Any]]] = {
        "plain": plain,
        "comparia": [votes_of._comparia(i, "ada", False) for i in range(1, 5)],
        "lmarena 140k": [lmarena._battle_140k(i, "model_a") for i in range(1, 5)],
        "lmarena 100k": [lmarena._battle_100k(i, "model_b") for i in range(1, 5)],
        "lmarena 55k": [lmarena._row_55k(i, 1, 0, 0) for i in range(1, 5)],
        "counts": [{**row, "wins_a": 3, "wins_b": 2, "ties": 1} for row in weights],
        "weights": [{**row, "weight": 2.5} for row in plain],
        "soft": [{**row, "winner": 0.25} for row in plain],
        "alpacaeval": [
            {"generator_1": "ada", "generator_2": "bob", "preference": p, "instruction": f"i{p}"}
            for p in (1.0, 2.0, 1.25, 1.5)
        ],
    }
    return {
        f"{name}, {kind}": Seed(_written(f"votes.{kind}", held), _cells, _ranked)
        for name, held in rows.items()
        for kind in ("jsonl", "json", "csv", "parquet")
        if kind != "csv" or not any(isinstance(x, dict | list) for x in held[0].values())
    }


# ---------------------------------------------------------------- the rest


def _table(path: Path) -> Read:
    rows, _ = own_scores(path, Names.load(), day(DAY, "as_of"))
    return {
        row[:2]: [row[2]] for row in rows.select("model_name", "benchmark", "score_frac").rows()
    }


def _indexed(path: Path) -> list[str]:
    return ["index", "--scores", str(path), "--source", "scores", "--json", "--as-of", DAY]


def claims_in(path: Path) -> Read:
    """What a file of claims says; it is read where the tests read it."""
    questions = {i: a.QUESTION for i, a in analyses().items()}
    file = load_claims(path, questions, frozenset({"lmarena_catalog", "epoch_eci"}))
    return {claim.id: repr(claim.as_stated) for claim in file.claims}


def _good_claims(folder: Path) -> Path:
    (path := folder / "mine.toml").write_text(GOOD, encoding="utf-8")
    return path


def _beside(*more: str) -> Callable[[Path], list[str]]:
    """A command on a good file, of which an option names the mutated one."""

    def command(path: Path) -> list[str]:
        good = path.parent / "good.jsonl"
        return [str(good) if x == "GOOD" else x.replace("FILE", str(path)) for x in more]

    return command


def _by_command(path: Path) -> Read:
    return {}


def scores() -> list[dict[str, Any]]:
    rng = Random(5)
    return [
        {"model": m, "benchmark": b, "score": round(rng.uniform(0.2, 0.8), 2)}
        for m in ("gpt-4o", "mine", "yours", "theirs")
        for b in ("one", "two", "three", "four")
    ]


def _others() -> dict[str, Seed]:
    seeds = {
        f"scores, {kind}": Seed(_written(f"scores.{kind}", scores()), _table, _indexed, 16)
        for kind in ("csv", "parquet", "jsonl")
    }
    seeds["claims"] = Seed(
        _good_claims, claims_in, lambda path: ["check", str(path), "--as-of", DAY, "--json"], 16
    )
    groups = [{"model": m, "group": g} for m, g in ("x1", "y1", "z2")]
    votes = [
        {"model_a": a, "model_b": b, "winner": w}
        for a, b in ("xy", "yz", "zx")
        for w in ("model_a", "model_b")
    ]
    runs = run_rows()
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    answers = [{**row, "output": '{"a": 1}', "messages": [], "score": None} for row in runs]

    def with_good(
        name: str, rows: list[dict[str, Any]], good: list[dict[str, Any]], *command: str
    ) -> Seed:
        def make(folder: Path) -> Path:
            write(folder / "good.jsonl", good)
            return write(folder / name, rows)

        return Seed(make, _by_command, _beside(*command), 1)

    seeds["groups"] = with_good(
        "groups.csv", groups, votes, "rank", "GOOD", "--group", "FILE", "--json"
    )
    seeds["schema"] = with_good(
        "schema.jsonl",
        [schema],
        answers,
        *("compare", "GOOD::a", "GOOD::b", "--scorer", "json-schema:FILE", "--better", "--json"),
    )
    seeds["judge"] = with_good(
        "judge.jsonl",
        [{**v, "prompt": i} for i, v in enumerate(votes * 3)],
        [{**v, "prompt": i} for i, v in enumerate(votes)],
        *("rank", "GOOD", "--judge", "FILE", "--json"),
    )
    return seeds


def seeds_by_reader() -> dict[str, dict[str, Seed]]:
    """Every seed there is, by what it is of."""
    others = _others()
    scores = {name: seed for name, seed in others.items() if name.startswith("scores")}
    rest = {name: seed for name, seed in others.items() if name not in scores}
    return {"runs": _runs(), "votes": _votes(), "scores": scores, "claims and options": rest}


def ran(arguments: list[str], env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and all output of the command line."""
    done = CliRunner().invoke(main, arguments, env=env)
    return done.exit_code, done.output


def verdict(text: str) -> Any:
    """What a command says with `--json`, without files, notes and what was left out."""
    said = json.loads(text)
    rows = [
        (row.get("label"), row.get("verdict"), row.get("rank"), _rounded(row.get("value")))
        for row in said["results"]
    ]
    return said.get("verdict"), sorted(rows, key=str)


def accounted(text: str) -> Any:
    """What the same says of how much was read and what was left out."""
    said = json.loads(text)
    counts = [said.get(name) for name in ("notes", "dropped", "rows_read", "used")]
    return counts, [row.get("n") for row in said["results"]]


def _rounded(value: Any) -> Any:
    """Sums in another order differ in their last digits."""
    return float(f"{value:.9g}") if isinstance(value, float) else value
