"""Blind votes: one HTML file that shows pairs of answers, and how the votes come back.

The page holds no model's name and no item's key: items and sides are coded, and the key that
decodes them stays in a file beside it.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.errors import InputError
from headtohead.files.opening import VOTES_VIEW, database_rows
from headtohead.logs.calls import short_key
from headtohead.publish.page import page_style
from headtohead.publish.words import policy
from headtohead.trials.scoring.scored import Duel, transcript

if TYPE_CHECKING:
    import numpy as np

_KEY_FORMAT, _VOTES_FORMAT = "h2h-ballot-key-1", "h2h-votes-1"
_CHOICES = ("first", "second", "tie", "both_bad")
_LONGEST_SECONDS = 30 * 24 * 3600
First = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class BallotVote:
    """What one person said of one item.

    Attributes:
        preference: For B over A: 1, 0 or -1.
        voter: The name given, or a code of the voter's browser.
        both_bad: Neither answer will do; `preference` is then 0.
    """

    key: str
    preference: float
    voter: str
    both_bad: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class BallotVotes:
    """All votes on a ballot.

    Attributes:
        repeated_n: Votes left out because the same vote came in an earlier file of the voter.
        changed_n: Votes left out because the same voter voted otherwise in a later file.
        other_n: Votes left out that are on other items, or on answers that gave their model away.
    """

    votes: tuple[BallotVote, ...]
    items_n: int
    repeated_n: int = 0
    changed_n: int = 0
    other_n: int = 0


def key_file_of(ballot: Path) -> Path:
    """Where the key of a ballot is."""
    return ballot.with_suffix(".key.json")


def write_ballot(
    duels: Sequence[Duel],
    path: Path,
    rng: "np.random.Generator",
) -> Path:
    """The key file; the ballot is at `path`, with the items in the order given.

    Args:
        rng: Draws the salt from which sides and codes follow. Seed it from the machine's entropy
            (`numpy.random.default_rng()`): whoever knows the seed knows the sides.

    Raises:
        InputError: If there is nothing to vote on, a key is there twice, or the ballot exists:
            a new key would make the votes on it unreadable.
    """
    keys = [duel.key for duel in duels]
    if not keys or len(set(keys)) != len(keys):
        raise InputError(
            "A ballot needs items with a key each that no other has; "
            f"there are {len(keys)} items with {len(set(keys))} keys."
        )
    key_path = key_file_of(path)
    for existing in (key_path, path):
        if existing.exists():
            raise InputError(
                f"{existing} exists, and people may be voting on it. Name another file, or "
                f"delete {path.name} and {key_path.name} together."
            )
    salt = rng.bytes(32)
    first = {duel.key: _first(salt, duel.key) for duel in duels}
    code = {duel.key: _digest(salt, "code", duel.key)[:16] for duel in duels}
    ballot = _digest(salt, "ballot", *keys)[:16]
    shown = []
    for d in duels:
        answers = (d.answer_a, d.answer_b) if first[d.key] == "A" else (d.answer_b, d.answer_a)
        item = {"code": code[d.key], "request": transcript(d.messages)}
        shown.append({**item, "first": answers[0], "second": answers[1]})
    entries = [[code[key], key, first[key]] for key in keys]
    kept = {"format": _KEY_FORMAT, "ballot": ballot, "salt": salt.hex(), "items": entries}
    page = _page({"ballot": ballot, "items": shown})
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(kept, out, indent=1)
    path.write_text(page, encoding="utf-8", newline="\n")
    return key_path


def write_arena(duels: Sequence[Duel], path: Path, names: tuple[str, str], margin: float) -> Path:
    """The file of both models' answers; an arena (`h2h arena serve`) that shows them is at `path`.

    Args:
        names: Of A and of B, under which they compete.
        margin: Of the net preference, as a fraction; half of it in shares of wins.

    Raises:
        InputError: If both have one name, or a file is in the way.
    """
    answers = path.with_suffix(".answers.jsonl")
    if len(set(names)) < 2:
        raise InputError(
            f"Both models are called {names[0]!r}, and an arena tells them apart by name. Write a "
            "ballot of one page instead, as `ballot='ballot.html'`."
        )
    for existing in (path, answers):
        if existing.exists():
            raise InputError(f"{existing} exists, and people may be voting. Name another `ballot`.")
    rows = [
        {"key": duel.key, "model": name, "prompt": transcript(duel.messages), "output": output}
        for duel in duels
        for name, output in zip(names, (duel.answer_a, duel.answer_b), strict=True)
    ]
    lines = [f'title = "Which answer is better?"\nmargin_pp = {50 * margin:g}']
    lines.append(f"compare = [{json.dumps(names, ensure_ascii=False)}]")
    for name in names:
        said = json.dumps(name, ensure_ascii=False)
        lines.append(
            f"\n[[entrants]]\nname = {said}\nanswers = {json.dumps(answers.name)}\nonly = {said}"
        )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    answers.write_text(text, encoding="utf-8", newline="\n")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return answers


def read_votes(votes_files: Iterable[Path], key_file: Path) -> BallotVotes:
    """The votes of all voters, decoded.

    A voter may save several times: what was voted last counts, and the rest is counted. Slips and
    damage are found; a forged file with a right check is not, so take files from people you trust.

    Raises:
        InputError: If a file cannot be read, belongs to another ballot, or was changed.
    """
    ballot, key = _read_key(key_file)
    saved = sorted((_read_saved(file, ballot, key) for file in votes_files), key=lambda s: s.saved)
    latest: dict[tuple[str, str], tuple[str, int]] = {}
    names: dict[str, str] = {}
    repeated = changed = 0
    for one in saved:
        names[one.voter] = one.name or names.get(one.voter, "")
        for code, choice, spent in one.votes:
            before = latest.get((one.voter, code))
            repeated += before is not None and before[0] == choice
            changed += before is not None and before[0] != choice
            latest[one.voter, code] = choice, spent
    # Two people of one name stay two.
    given = list(names.values())
    called = {
        voter: name if name and given.count(name) == 1 else f"{name or 'voter'} {voter[:6]}"
        for voter, name in names.items()
    }
    order = {code: at for at, code in enumerate(key)}
    votes = tuple(
        BallotVote(
            key=key[code][0],
            preference=(
                (1.0 if (choice == "first") == (key[code][1] == "B") else -1.0)
                if choice in ("first", "second")
                else 0.0
            ),
            voter=called[voter],
            both_bad=choice == "both_bad",
            seconds=spent / 1000,
        )
        for (voter, code), (choice, spent) in sorted(
            latest.items(), key=lambda entry: (order[entry[0][1]], called[entry[0][0]])
        )
    )
    return BallotVotes(votes=votes, items_n=len(key), repeated_n=repeated, changed_n=changed)


def read_arena_votes(arena: Path, model_a: str, model_b: str, keys: Iterable[str]) -> BallotVotes:
    """The votes of an arena in which both models' answers to these items met.

    Its entrants have the models' names, and its prompts the keys of the items, as the arena that
    `write_arena` prepares. A vote that an answer's own words may have steered is left out.

    Raises:
        InputError: If it is no arena, or holds no vote on the two and on what the log asks.
    """
    names, rows = database_rows(arena, VOTES_VIEW)
    cast = [dict(zip(names, row, strict=True)) for row in rows]
    met = [v for v in cast if {v["model_a"], v["model_b"]} == {model_a, model_b}]
    if not met:
        there = sorted({v[side] for v in cast for side in ("model_a", "model_b")})
        raise InputError(
            f"{arena} has no vote between {model_a!r} and {model_b!r}. "
            + (f"People voted on {', '.join(there)}." if there else "Nobody has voted there yet.")
        )
    known = {short_key(key): key for key in keys}
    counted = [v for v in met if v["prompt"] in known and v["names_hidden"]]
    if not counted:
        raise InputError(
            f"{arena} has votes between {model_a!r} and {model_b!r}, but none that can be joined "
            "to this log: their prompts have other ids, or an answer gave its model away. Take an "
            "arena that `h2h arena init` made of this log, or that `ballot=vote.toml` writes."
        )
    sign = {"model_a": 1.0, "model_b": -1.0}
    return BallotVotes(
        votes=tuple(
            BallotVote(
                key=known[v["prompt"]],
                preference=sign.get(v["winner"], 0.0) * (1.0 if v["model_a"] == model_b else -1.0),
                voter=v["voter"],
                both_bad=v["winner"] not in (*sign, "tie"),
                seconds=v["seconds"] or 0.0,
            )
            for v in counted
        ),
        items_n=len(known),
        other_n=len(met) - len(counted),
    )


@dataclass(frozen=True, slots=True)
class _Saved:
    voter: str
    name: str
    saved: str
    votes: list[tuple[str, str, int]]


def _read_key(path: Path) -> tuple[str, dict[str, tuple[str, First]]]:
    kept = _json(path, "key of a ballot")
    try:
        if kept["format"] != _KEY_FORMAT:
            raise ValueError
        salt = bytes.fromhex(kept["salt"])
        entries = [(str(code), str(key), str(first)) for code, key, first in kept["items"]]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path} is no key of a ballot.") from None
    # All of it follows from the salt, so a changed line shows.
    whole = kept.get("ballot") == _digest(salt, "ballot", *(key for _, key, _ in entries))[:16]
    for code, key, first in entries:
        whole &= code == _digest(salt, "code", key)[:16] and first == _first(salt, key)
    if not whole:
        raise InputError(f"{path} was changed since the ballot was written; restore it.")
    return kept["ballot"], {code: (key, _first(salt, key)) for code, key, _ in entries}


def _read_saved(path: Path, ballot: str, key: Mapping[str, object]) -> _Saved:
    kept = _json(path, "file of votes")
    if kept.get("format") != _VOTES_FORMAT:
        raise InputError(f"{path} is no file of votes that a ballot saved.")
    if kept.get("ballot") != ballot:
        raise InputError(f"{path} holds votes on another ballot; its key is not the one given.")
    votes: list[tuple[str, str, int]] = []
    try:
        voter, name, saved = (str(kept[field]) for field in ("voter", "name", "saved"))
        for code, choice, spent in kept["votes"]:
            known = code in key and choice in _CHOICES and type(spent) is int
            if not known or not 0 <= spent <= 1000 * _LONGEST_SECONDS:
                raise ValueError
            votes.append((code, choice, spent))
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path} has votes that no ballot writes; {_ASK}") from None
    lines = [ballot, voter, name, saved, *(f"{code} {vote} {ms}" for code, vote, ms in votes)]
    codes = {code for code, _, _ in votes}
    if kept.get("check") != _check("\n".join(lines)) or len(codes) != len(votes):
        raise InputError(f"{path} was changed after it was saved; {_ASK}")
    return _Saved(voter, name, saved, votes)


_ASK = "ask the voter to save again from the ballot."


def _json(path: Path, what: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is no {what}: it is not JSON.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} is no {what}.")
    return value


def _check(text: str) -> str:
    """FNV-1a of 32 bits, as the page computes it."""
    total = 0x811C9DC5
    # Half a surrogate pair becomes U+FFFD, as in the browser.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for byte in whole.encode():
        total = (total ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{total:08x}"


def _digest(salt: bytes, *words: str) -> str:
    return hashlib.blake2b(json.dumps(words).encode(), key=salt).hexdigest()


def _first(salt: bytes, key: str) -> First:
    """Whose answer stands first: a fair coin that only the salt foretells."""
    return "A" if int(_digest(salt, "side", key)[:2], 16) % 2 == 0 else "B"


def _page(data: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=PackageLoader("headtohead.trials.scoring", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    # Only our own files, and JSON that cannot end its element, go in unescaped.
    templates.filters["ours"] = Markup
    folder = files("headtohead.trials.scoring").joinpath("templates")
    style, script = (folder.joinpath(f"ballot.{end}").read_text("utf-8") for end in ("css", "js"))
    # Escaped to ASCII, so that half a surrogate pair cannot break the file either.
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return templates.get_template("ballot.html.j2").render(
        style=page_style(style), script=script, data=text, policy=policy([script])
    )
