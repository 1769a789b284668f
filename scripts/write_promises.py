"""Writes down what a release promises to keep: `make promises`.

docs/reference/stability.md says what that means. The file is tests/promised.json. A test fails when
something written there is gone; a release needs all that there is to be written down.
"""

import argparse
import dataclasses
import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import headtohead
from headtohead import api
from headtohead.cli import commands
from headtohead.core import errors
from headtohead.publish.result import Result

FILE = Path(__file__).resolve().parents[1] / "tests" / "promised.json"
Surfaces = dict[str, dict[str, list[str]]]


def surfaces() -> Surfaces:
    """Kind of surface -> name -> the parts of it that users may rely on, as the code has them."""
    from headtohead.arena.store import store
    from headtohead.claims import claim
    from headtohead.core.estimate import Citation, Estimate
    from headtohead.logs.opening import FORMATS as LOGS
    from headtohead.publish.machine import envelope
    from headtohead.ratings.reading.layout import FORMATS as VOTES
    from headtohead.web.mcp.tools import TOOLS
    from headtohead.web.serving.rest import routes

    functions = {name: getattr(api, name) for name in api.VERBS}
    failures = [e for _, e in inspect.getmembers(errors, inspect.isclass)]
    return {
        "command and its options": dict(_commands()),
        "Python function and its arguments": {
            name: list(inspect.signature(f).parameters) for name, f in functions.items()
        },
        "result and its attributes": {
            r.__name__: _attributes(r) for r in _results() | {Estimate, Citation}
        },
        "exit code": {
            e.__name__: [str(e.exit_code)]
            for e in failures
            if issubclass(e, errors.HeadToHeadError)
        },
        "JSON object": {"every": [*envelope("", None, None, (), ())]},
        "REST route and its parameters": {
            f"/api/v1/{route.name}": [p.name for p in route.parameters]
            for route in routes().values()
        },
        "tool for assistants and its arguments": {
            tool.name: list(tool.schema["properties"]) for tool in TOOLS
        },
        "format of results and logs": {name: [] for name in LOGS.by_name},
        "layout of votes": {name: [] for name in VOTES.by_name},
        "claims file": {
            "head": list(claim._HEAD),
            "claim": [*claim._CLAIM, *claim._OPTIONAL, "narrower", "asks_again"],
            "reading": ["says", "relaxes", "all_of", *claim._CONDITION],
            "bound": list(claim._BOUND),
        },
        "file of an arena": {f"layout {store._LAYOUT}": []},
    }


def _commands() -> Iterator[tuple[str, list[str]]]:
    for verb, command in commands().items():
        inside = command.commands if isinstance(command, click.Group) else {"": command}
        for part, one in inside.items():
            options = (o for p in one.params for o in (*p.opts, *p.secondary_opts))
            yield f"h2h {verb} {part}".rstrip(), [o for o in options if o.startswith("-")]


def _results() -> set[type]:
    """What verbs give: the results in the `result.py` of every folder, and their parts."""
    home = Path(headtohead.__file__).parent
    for path in home.rglob("result.py"):
        importlib.import_module(".".join(path.relative_to(home.parent).with_suffix("").parts))
    found, last = {Result}, {Result}
    while last := {kind for each in last for kind in each.__subclasses__()}:
        found |= last
    return {kind for kind in found if kind.__module__.startswith("headtohead.")}


def _attributes(result: type) -> list[str]:
    fields = dataclasses.fields(result) if dataclasses.is_dataclass(result) else ()
    ours = (kind for kind in result.__mro__ if kind.__module__.startswith("headtohead"))
    names = {*(f.name for f in fields), *(name for kind in ours for name in vars(kind))}
    return [name for name in names if not name.startswith("_")]


def gone(promised: Surfaces, there: Surfaces) -> list[str]:
    """What was promised and is not there, as sentences."""
    lost = []
    for kind, names in promised.items():
        for name, parts in names.items():
            now = there.get(kind, {}).get(name)
            if now is None:
                lost.append(f"{kind}: {name}")
            else:
                lost += [f"{kind}: {part} of {name}" for part in parts if part not in now]
    return lost


def main() -> int:
    """Exit code 0 if the file is written, or complete with --check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is not written down")
    check = parser.parse_args().check
    there = {k: {n: sorted(p) for n, p in sorted(v.items())} for k, v in surfaces().items()}
    known: Surfaces = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for said in gone(there, known):
        print(f"new, {said}")
    for said in gone(known, there):
        print(f"gone, {said}")
    if check:
        return 1 if known != there else 0
    lines = []
    for kind, names in there.items():
        rows = ",\n".join(f"  {json.dumps(n)}: {json.dumps(p)}" for n, p in names.items())
        lines.append(f"{json.dumps(kind)}: {{\n{rows}\n}}")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
