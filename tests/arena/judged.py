"""Judges whose every verdict is known, behind a real endpoint on this machine."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered

from headtohead.cli import main

Says = Callable[[str, str, str], str]
"""Request, first and second answer -> what the judge replies."""
_BLOCK = re.compile(r"<<<\w+ (REQUEST|ANSWER A|ANSWER B) BEGINS>>>\n(.*?)\n<<<", re.DOTALL)


def verdict(word: str) -> str:
    """A reply as the judge is asked for."""
    return json.dumps({"reason": "It is so.", "verdict": word})


@contextmanager
def judging(says: Says) -> Iterator[Loopback]:
    """A judge that says this of what it is shown."""

    def script(asked: Asked) -> Iterable[Piece]:
        shown = dict(_BLOCK.findall(asked.key))
        reply = says(shown["REQUEST"], shown["ANSWER A"], shown["ANSWER B"])
        return [answered(reply)]

    with Loopback(script) as server:
        yield server


def judge_lines(address: str, more: str = "") -> str:
    """The table of a judge in arena.toml."""
    return f'[judge]\nendpoint = "{address}"\nmodel = "wise-judge"\n{more}'


def asked_to_judge(toml: Path, *options: str) -> Result:
    """`h2h arena judge` as it is typed."""
    return CliRunner().invoke(main, ["arena", "judge", str(toml), *options])
