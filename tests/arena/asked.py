"""Arenas whose entrants are asked live, and what their voters are sent."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.arena.served import ServedArena, TestVoter, serving
from tests.trials.replay.loopback import Asked, Loopback, Piece

Script = Callable[[Asked], Iterable[Piece]]
QUESTION = "How do you do?"
LIMITS = "[limits]\nfirst_s = 60\nsilence_s = 60\ntotal_s = 120\ncharacters = 2000\n"
SOON = LIMITS.replace("60", "1").replace("120", "1")
"""Of answers that are waited for in vain."""


def live_toml(folder: Path, *entrants: str, more: str = "", limits: str = LIMITS) -> Path:
    """An arena.toml of entrants, each written as the lines of its table, and one prompt."""
    parts = ['title = "Live"', *(f"[[entrants]]\n{lines}" for lines in entrants)]
    parts += [more or f'[[prompts]]\nid = "p1"\ntext = "{QUESTION}"\n', limits]
    toml = folder / "arena.toml"
    toml.write_text("\n".join(parts), encoding="utf-8")
    return toml


def endpoint_lines(name: str, address: str, model: str, more: str = "") -> str:
    """The lines of an entrant behind an endpoint."""
    return f'name = "{name}"\nendpoint = "{address}"\nmodel = "{model}"\n{more}'


@contextmanager
def scripted(
    folder: Path, ant: Script, bee: Script, *, more: str = "", limits: str = LIMITS
) -> Iterator[tuple[ServedArena, Loopback, Loopback]]:
    """An arena of two entrants, "ant" and "bee", whose endpoints do what scripts say."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Loopback(script)) for script in (ant, bee)]
        entrants = [
            endpoint_lines(name, server.base_url, f"secret-{name}-model", more)
            for name, server in zip(("ant", "bee"), servers, strict=True)
        ]
        served = stack.enter_context(serving(live_toml(folder, *entrants, limits=limits)))
        yield served, servers[0], servers[1]


def streamed_to(
    voter: TestVoter, battle: str, *, last: int | None = None, most: int | None = None
) -> list[tuple[str, dict[str, Any], int | None]]:
    """The events of a battle's stream: name, data and number; after `most` of them we leave."""
    headers = {"accept": "text/event-stream"}
    if last is not None:
        headers["last-event-id"] = str(last)
    events = []
    with voter.http.stream("GET", f"/battles/{battle}/stream", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                events.append((fields["event"], json.loads(fields["data"]), number))
                fields = {}
                if len(events) == most:
                    break
    return events


def text_of(events: Iterable[tuple[str, dict[str, Any], int | None]], side: str) -> str:
    """What a side was shown."""
    return "".join(data["text"] for name, data, _ in events if name == side)
