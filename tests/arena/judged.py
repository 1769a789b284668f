"""Judges whose every verdict is known, behind a real endpoint on this machine."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered

from headtohead.arena.store.store import ArenaStore, Battle, BattleTurn, Voter
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


def many_prompts(folder: Path, right: Mapping[str, Sequence[bool]], more: str = "") -> Path:
    """An arena.toml of entrants whose answers to each prompt are right or wrong."""
    parts = ['title = "Many"\nmargin_pp = 5.0']
    for name, rights in right.items():
        rows = [
            {"id": f"p{n:03}", "prompt": f"Question {n}?", "answer": answer(name, n, good)}
            for n, good in enumerate(rights)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        parts.append(f'[[entrants]]\nname = "{name}"\nanswers = "{name}.jsonl"\n')
    toml = folder / "arena.toml"
    toml.write_text("\n".join([*parts, more]), encoding="utf-8")
    return toml


def answer(name: str, n: int, good: bool) -> str:
    """What an entrant answers; answers differ in length."""
    dots = "." * (1 + n * (3 if name == "ant" else 5) % 7)
    return f"{name} says it is {'right' if good else 'wrong'}{dots}"


def sees_who_is_right(_: str, first: str, second: str) -> str:
    """A judge that knows."""
    one, two = "right" in first, "right" in second
    return verdict("tie" if one == two else "A" if one else "B")


def people_vote(
    store: ArenaStore,
    pair: tuple[str, str],
    outcomes: Iterable[tuple[int, str]],
    categories: Sequence[str] = (),
) -> None:
    """Votes of as many people as there are outcomes: number of the prompt, and what they say.

    Args:
        categories: Of each prompt; of none if empty.
    """
    before = store.votes_n()
    with store.transaction():
        for n, (number, outcome) in enumerate(outcomes, before):
            voter, id = Voter(id=f"voter-{n}"), f"battle-{n}"
            turn = BattleTurn(question="?", left_answer="one", right_answer="two")
            battle = Battle(
                id=id,
                voter=voter.id,
                prompt=f"p{number:03}",
                category=categories[number] if categories else "",
                left_entrant=pair[0],
                right_entrant=pair[1],
                pair_probability=1.0,
                drawn_ms=10**12 + n,
                turns=(turn,),
            )
            store.begin(battle, voter)
            store.vote(id, voter.id, outcome, 10**12 + n)
