"""Measures the house: how much there is to read, enter, load and touch.

`python -m benchmarks.house --before REVISION --page PAGE.md` prints each figure for a revision and
for the tree as it is.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_RUN = 6  # lines that must be equal to count as repeated
_TRACED = """
import json, sys, threading
from pathlib import Path
home, out, *words = sys.argv[1:]
entered = set()
def importing(frame):
    while frame:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(home):
            return True
        frame = frame.f_back
    return False
def seen(frame, event, _):
    file = frame.f_code.co_filename
    # What runs while a module is imported is entered by nobody who follows a value.
    if event == "call" and file.startswith(home) and file not in entered:
        if frame.f_code.co_flags & 1 and not importing(frame):
            entered.add(file)
from headtohead.cli import main
sys.setprofile(seen); threading.setprofile(seen)
try:
    main(words)
except SystemExit:
    pass
sys.setprofile(None)
loaded = [m for m in sys.modules if m.startswith("headtohead")]
Path(out).write_text(json.dumps({"entered": sorted(entered), "loaded": loaded}))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="REVISION", help="A revision to measure beside.")
    parser.add_argument("--page", type=Path, help="Write the table to this file too.")
    given = parser.parse_args()
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        if given.before:
            command = ["git", "-C", str(_ROOT), "archive", given.before, "src", "docs", "README.md"]
            packed = subprocess.run(command, capture_output=True, check=True).stdout
            with tarfile.open(fileobj=BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")
            columns["before"] = measured(Path(folder))
        columns["now"] = measured(_ROOT)
    lines = [f"| measure | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name in columns["now"]:
        lines.append(f"| {name} | {' | '.join(f'{c[name]:,}' for c in columns.values())} |")
    print("\n".join(lines))
    if given.page:
        head = "# The house in numbers\nMade by `make bench-house`; what each row means is in "
        head += "[its script](../../benchmarks/house.py).\n\n"
        given.page.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def measured(tree: Path) -> dict[str, int]:
    """Every figure of one tree, by its name."""
    home = tree / "src" / "headtohead"
    texts = {p: p.read_text(encoding="utf-8") for p in sorted(home.rglob("*.py"))}
    trees = {p: ast.parse(text) for p, text in texts.items()}
    figures = {"lines in src": sum(len(t.splitlines()) for t in texts.values())}
    with tempfile.TemporaryDirectory() as folder:
        for name, words in journeys(Path(folder)):
            files = _traced(tree, Path(folder), words)["entered"]
            figures[f"files entered: {name}"] = len(files)
        loaded = _traced(tree, Path(folder), ["names", "gpt-5"])["loaded"]
    figures["modules loaded by `h2h names gpt-5`"] = len(loaded)
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    classes = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    figures["class names defined twice or more"] = sum(n > 1 for n in classes.values())
    figures["private functions referenced once"] = sum(map(referenced_once, trees.values()))
    figures["folders that name an option of `rank`"] = len(_folders_of_an_option(home, texts))
    figures["lines reached by no command or documented function"] = unreached(tree, trees)
    figures["repeated blocks of six lines and more"] = repeated_blocks(texts)
    return figures


def referenced_once(tree: ast.Module) -> int:
    """Private functions and methods that their own file names exactly once."""
    named: Counter[str] = Counter()
    private = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            named[node.id] += 1
        elif isinstance(node, ast.Attribute):
            named[node.attr] += 1
        elif isinstance(node, ast.ImportFrom):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _private(node.name):
            private.append(node.name)
    return sum(named[name] == 1 for name in private)


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _folders_of_an_option(home: Path, texts: Mapping[Path, str]) -> set[str]:
    """Folders one level below the package whose code names `min_votes`, as any option would be."""
    return {p.relative_to(home).parts[0] for p, t in texts.items() if "min_votes" in t}


def repeated_blocks(texts: Mapping[Path, str]) -> int:
    """Runs of six or more equal lines of code that stand twice, imports and literals apart."""
    places: dict[tuple[str, ...], list[tuple[Path, int]]] = defaultdict(list)
    for path, text in texts.items():
        lines = [line for line in map(str.strip, text.splitlines()) if _tells(line)]
        for start in range(len(lines) - _RUN + 1):
            places[tuple(lines[start : start + _RUN])].append((path, start))
    pairs = {
        (a[0], b[0], b[1] - a[1])  # windows of one longer run lie on one diagonal
        for found in places.values()
        for n, a in enumerate(found)
        for b in found[n + 1 :]
    }
    return len(pairs)


def _tells(line: str) -> bool:
    thin = not re.search(r"\w", line) or line.startswith(("#", "import ", "from "))
    return not thin and re.fullmatch(r"\"?[\w.]+\"?[,:]?", line) is None


def unreached(tree: Path, trees: Mapping[Path, ast.Module]) -> int:
    """Lines of top-level functions and classes that no command, plugin or documented name leads to.

    Names are followed through imports; a name in backticks in the docs counts as documented.
    """
    src = tree / "src"
    modules = {_dotted(p.relative_to(src)): m for p, m in trees.items()}
    pages = [*(tree / "docs").rglob("*.md"), tree / "README.md"]
    documented = {name for page in pages for name in documented_in(page.read_text("utf-8"))}
    homes = {
        (name, node.name): node
        for name, module in modules.items()
        for node in module.body
        # A name between double underscores is called by Python itself.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("__")
    }
    bound = {name: _bound(module) for name, module in modules.items()}
    waiting = [
        place
        for place, node in homes.items()
        if node.name in documented
        or place[0].endswith(".command")
        or (_is_plugin(modules[place[0]]) and not _private(node.name))
    ]
    for name, module in modules.items():
        for node in module.body:
            if not isinstance(
                node,
                ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom,
            ):
                waiting += _used(name, node, bound, modules)
    reached = set()
    while waiting:
        place = waiting.pop()
        if place in homes and place not in reached:
            reached.add(place)
            waiting += _used(place[0], homes[place], bound, modules)
    left = [node for place, node in homes.items() if place not in reached]
    return sum((node.end_lineno or 0) - node.lineno + 1 for node in left)


def documented_in(page: str) -> set[str]:
    """Every name in the code of a page: its blocks, and what stands in backticks on a line."""
    parts = re.split(r"^```.*$", page, flags=re.MULTILINE)
    code = [*parts[1::2], *re.findall(r"`([^`\n]+)`", "\n".join(parts[::2]))]
    return set(re.findall(r"[A-Za-z_]\w+", "\n".join(code)))


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _bound(node: ast.AST) -> dict[str, tuple[str, str]]:
    """Name -> (module, name in it; empty for the module itself) of everything imported inside."""
    found, waiting = {}, [node]
    while waiting:
        part = waiting.pop()
        # Only statements hold statements: to walk through all there is would take much longer.
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(part, inner, ())
        if isinstance(part, ast.ImportFrom) and part.module:
            for alias in part.names:
                found[alias.asname or alias.name] = (part.module, alias.name)
    return found


def _used(
    home: str,
    node: ast.AST,
    bound: Mapping[str, Mapping[str, tuple[str, str]]],
    modules: Mapping[str, ast.Module],
) -> list[tuple[str, str]]:
    """The (module, name) that a piece of code leads to, through re-exports."""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.append(bound[home].get(part.id, (home, part.id)))
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            module, name = bound[home].get(part.value.id, ("", ""))
            if f"{module}.{name}" in modules:
                found.append((f"{module}.{name}", part.attr))
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.append((home, part.value))
    through = [bound[m][n] for m, n in found if m in bound and n in bound[m]]
    return found + through


def _is_plugin(module: ast.Module) -> bool:
    """Whether a module has a descriptor in upper case and so is found by the folder listing."""
    found = {"SOURCE", "QUESTION", "FORMAT", "SCORER", "SECTION", "PAGE"}
    targets = [n.targets[0] for n in module.body if isinstance(n, ast.Assign)]
    return any(isinstance(t, ast.Name) and t.id in found for t in targets)


def journeys(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """What is followed from door to door: its name, and the words of the command."""
    day = ["--as-of", "2025-12-15"]
    (folder / "claims.toml").write_text(_CLAIM, encoding="utf-8")
    yield "price to verdict", ["show", "X1", "--claims", str(folder / "claims.toml"), *day]
    votes = folder / "votes.csv"
    votes.write_text("model_a,model_b,winner\n" + "a,b,model_a\nb,c,model_b\nc,a,tie\n" * 40)
    yield "vote to board", ["rank", str(votes)]
    logs = [str(_inspect_log(folder / f"{name}.json", name)) for name in ("a", "b")]
    yield "Inspect log to comparison", ["compare", *logs]
    with AnsweringServer() as address:
        log = folder / "log.jsonl"
        log.write_text("".join(_request(n) for n in range(60)), encoding="utf-8")
        yield (
            "logged request to switch",
            [*f"switch {log} --from a --to b --base-url {address} --scorer exact".split(), *day],
        )


class AnsweringServer:
    """An OpenAI-compatible address on this machine that answers every question with 4."""

    def __enter__(self) -> str:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer with 4, in a stream if one was asked for."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        head = {"id": "x", "model": asked["model"], "usage": usage}
        part = {"role": "assistant", "content": "4"}
        if asked.get("stream"):
            chunk = {"index": 0, "delta": part, "finish_reason": "stop"}
            text = f"data: {json.dumps(head | {'choices': [chunk]})}\n\ndata: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            text = json.dumps(
                head | {"choices": [{"index": 0, "message": part, "finish_reason": "stop"}]}
            )
            kind = "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def _inspect_log(path: Path, model: str) -> Path:
    samples = [
        {
            "id": n,
            "epoch": 1,
            "input": f"{n}?",
            "target": "4",
            "output": {"model": model, "completion": "4", "choices": []},
            "scores": {"match": {"value": "C" if n % 3 else "I", "answer": "4"}},
        }
        for n in range(40)
    ]
    log = {
        "version": 2,
        "status": "success",
        "eval": {
            "run_id": "r",
            "created": "2025-12-01T00:00:00+00:00",
            "task": "t",
            "task_id": "t",
            "model": model,
            "dataset": {"name": "d", "samples": 40},
            "config": {"epochs": 1},
        },
        "plan": {"name": "p", "steps": []},
        "results": {"total_samples": 40, "scores": []},
        "samples": samples,
    }
    path.write_text(json.dumps(log), encoding="utf-8")
    return path


def _request(n: int) -> str:
    asked = [{"role": "user", "content": f"{n % 7} and what is 4?"}]
    row = {"id": f"r{n}", "model": "a", "messages": asked, "output": "4", "reference": "4"}
    return json.dumps(row) + "\n"


def _traced(tree: Path, folder: Path, words: list[str]) -> dict[str, list[str]]:
    """Files of ours entered, and modules of ours loaded, by one command in a process of its own."""
    out = folder / "traced.json"
    source = str(tree / "src")
    environment = {**os.environ, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", _TRACED, source, str(out), *words]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    if not out.is_file() or b"h2h: " in done.stderr:
        raise SystemExit(f"{words[0]} failed: {done.stderr.decode()[-2000:]}")
    found: dict[str, list[str]] = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()
    return found


_CLAIM = """
title = "price"
origin = "measured"
group = "country"
a = "US"
b = "CN"

[[claim]]
id = "X1"
says = "GPT-5 costs more than DeepSeek V3.2"
section = "cost"
kind = "ratio"
about = "2025-12-15"
sources = ["model_prices", "llmledger"]
expect = "supported"

[claim.as_stated]
says = "list price"
analysis = "cost.list_price"
scope = { dear = ["gpt-5"], cheap = ["deepseek-v3.2"] }
bound = { at_least = 1, unit = "ratio", each = "all" }

[claim.narrower]
says = "list price"
relaxes = "quantifier"
analysis = "cost.list_price"
scope = { dear = ["gpt-5"], cheap = ["deepseek-v3.2"] }
bound = { at_least = 1, unit = "ratio", each = "any" }
"""

if __name__ == "__main__":
    main()
