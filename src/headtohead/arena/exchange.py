"""Votes of an arena for others, and votes of others for an arena.

An export holds neither names nor addresses of voters, who are numbered; texts of questions and
answers are in it only if they are asked for.
"""

import hashlib
import io
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from headtohead.arena.store.store import ArenaStore, ImportedVote
from headtohead.core.errors import InputError
from headtohead.core.version import VERSION
from headtohead.publish import files
from headtohead.publish.machine import guarded

if TYPE_CHECKING:
    from headtohead.ratings.settings import VoteOptions

_UNIQUE = 12  # characters of an id or name that nobody else is given
_SAME_FILE = 0.9
Layout = Literal["lmarena", "parquet", "csv", "every-eval-ever"]
_COLUMNS: Mapping[str, str] = {
    "battle": "Which battle it is.",
    "voter": "Who voted: a number, the same for all votes of one person and in every export.",
    "prompt": "Which prompt was asked.",
    "category": "The kind of the prompt; empty if none.",
    "model_a": "The entrant on the left.",
    "model_b": "The entrant on the right.",
    "winner": "model_a, model_b, tie, or tie (bothbad) where both answers are bad.",
    "voted_ms": "When the vote was given: milliseconds since 1970, UTC.",
    "turns": "How many questions were asked before the vote.",
    "names_hidden": "1 where no answer gave its model away, else 0.",
    "seconds": "Seconds from the draw of the pair to the vote; empty if unknown.",
    "pair_probability": "With which chance this pair was drawn.",
    "length_a": "Characters of the left answer; length_b of the right one.",
    "header_a": "Headers in the left answer; header_b in the right one.",
    "list_a": "Entries of lists in the left answer; list_b in the right one.",
    "bold_a": "Bold words in the left answer; bold_b in the right one.",
}


def export(store: ArenaStore, layout: Layout, out: Path, *, texts: bool = False) -> int:
    """Write the votes that count, or for Every Eval Ever the leaderboard that they make.

    Args:
        out: The file; a folder for "every-eval-ever".
        texts: Also the questions and answers, in "lmarena" only.

    Returns:
        How many votes there are.

    Raises:
        InputError: If there is no vote or no such layout, or it holds no texts and they are wanted.
        StoreFull: If it cannot be written.
    """
    if layout not in get_args(Layout):
        raise InputError(f"`layout` is one of {', '.join(get_args(Layout))}, not {layout!r}.")
    if texts and layout != "lmarena":
        raise InputError("`texts` are only in the layout of LMArena. Choose that, or leave it out.")
    votes = [dict(row) for row in store.rows("SELECT * FROM counted_votes ORDER BY voted_ms")]
    if not votes:
        raise InputError(f"{store.path} is an arena in which nobody has voted yet.")
    numbers = store.voter_numbers()
    for vote in votes:
        vote["voter"] = f"voter {numbers[vote['voter']]}"
    if layout == "every-eval-ever":
        _write_boards(store, out)
    elif layout == "lmarena":
        _write_battles(store, votes, out, texts=texts)
    else:
        _write_table(votes, layout, out)
    return len(votes)


def _write_battles(
    store: ArenaStore, votes: list[dict[str, Any]], out: Path, *, texts: bool
) -> None:
    asked: dict[str, list[Any]] = {}
    if texts:
        for turn in store.rows("SELECT * FROM turns ORDER BY battle, turn"):
            asked.setdefault(turn["battle"], []).append(turn)
    lines = []
    for vote in votes:
        battle = {
            "question_id": vote["battle"],
            "model_a": vote["model_a"],
            "model_b": vote["model_b"],
            "winner": vote["winner"],
            "judge": vote["voter"],
            "turn": vote["turns"],
            "anony": bool(vote["names_hidden"]),
            "tstamp": vote["voted_ms"] / 1000,
            "category": vote["category"],
        }
        battle |= {n: vote[n] for n in vote if n.endswith(("_a", "_b")) and n not in battle}
        for side, word in (("a", "left"), ("b", "right")) if texts else ():
            battle[f"conversation_{side}"] = [
                {"role": role, "content": content}
                for turn in asked.get(vote["battle"], ())
                for role, content in (
                    ("user", turn["question"]),
                    ("assistant", turn[f"{word}_answer"]),
                )
            ]
        lines.append(json.dumps(battle, ensure_ascii=False, allow_nan=False))
    files.replace(out, ("\n".join(lines) + "\n").encode("utf-8", "replace"))


def _write_table(votes: list[dict[str, Any]], layout: Layout, out: Path) -> None:
    import polars as pl

    frame, kept = pl.DataFrame(votes, infer_schema_length=None), io.BytesIO()
    if layout == "parquet":
        frame.write_parquet(kept)
        files.replace(out, kept.getvalue())
        return
    safe = [{name: guarded(value) for name, value in vote.items()} for vote in votes]
    pl.DataFrame(safe, infer_schema_length=None).write_csv(kept)
    files.replace(out, kept.getvalue())
    about = {
        "file": out.name,
        "rows": len(votes),
        "made_by": f"headtohead {VERSION}",
        "columns": {name: _COLUMNS[name] for name in frame.columns if name in _COLUMNS},
    }
    text = json.dumps(about, indent=2, ensure_ascii=False).encode()
    files.replace(out.with_name(f"{out.stem}.metadata.json"), text + b"\n")


def _write_boards(store: ArenaStore, out: Path) -> None:
    from headtohead.ratings.verb import rank
    from headtohead.trials.comparing.exporting import document_of, document_place

    ranked = rank(store.path)
    title = store.kept().get("title", "arena")[:60].strip()  # it names a folder
    at = store.rows("SELECT MAX(voted_ms) FROM counted_votes")[0][0] / 1000
    metric = {
        "metric_name": "Bradley-Terry rating",
        "metric_kind": "elo",
        "metric_unit": "points",
        "lower_is_better": False,
        "score_type": "continuous",
    }
    for standing in ranked.board().standings:
        low, high = standing.joint.low, standing.joint.high
        result = {
            "evaluation_result_id": "rating",
            "evaluation_name": title,
            "source_data": {"dataset_name": title, "source_type": "other"},
            "metric_config": metric | {"min_score": min(0.0, low), "max_score": max(3000.0, high)},
            "score_details": {
                "score": standing.rating.value,
                "uncertainty": {
                    "confidence_interval": {
                        "lower": low,
                        "upper": high,
                        "confidence_level": ranked.settings.level,
                        "method": "joint over all entrants, from the sandwich covariance",
                    },
                    "num_samples": round(standing.battles),
                },
            },
        }
        library = {"name": "headtohead", "version": VERSION}
        document = document_of(standing.model, title, f"{at:.0f}", library, [result])
        text = msgspec.json.format(msgspec.json.encode(document))
        name = uuid.UUID(hashlib.sha256(text).hexdigest()[:32], version=4)
        root = out.parent if out.name == "data" else out
        files.replace(root / document_place(standing.model, title) / f"{name}.json", text)


def votes_elsewhere(
    source: Path, options: "VoteOptions", now_ms: int
) -> tuple[list[ImportedVote], Mapping[str, int]]:
    """The votes of a file that `rank` reads, and why rows of it are left out.

    The id of each is a hash of all that the file says of it, so that the same row of a file that
    has grown has it again. It is of its own id alone where that is long enough that nobody else
    gives it, and of the number of the row too where nothing but models and winner is said. Voters
    are called as they are there.

    Args:
        now_ms: The time of votes that carry none, milliseconds since 1970.

    Raises:
        InputError: If it holds no votes, or a row breaks the rules.
    """
    from headtohead.ratings.reading.votes import open_votes

    votes = open_votes(source, options)
    known = [word for word in ("voter", "prompt", "category", "id") if votes.has(word)]
    known = [word for word in known if votes.one_word(word)]
    winners = ("model_a", "model_b", "tie", "tie (bothbad)")
    result: list[ImportedVote] = []
    times = Counter[tuple[object, ...]]()
    window: Literal["day"] | None = "day" if votes.timed else None
    for chunk in votes.chunks(known, window=window):
        for at in range(chunk.first.size):
            said = {
                word: votes.values[word][code] if (code := int(chunk.labels[word][at])) >= 0 else ""
                for word in (*known, *((window,) if window else ()))
            }
            id, voter, prompt, day = (said.get(x, "") for x in ("id", "voter", "prompt", "day"))
            noon = datetime.combine(date.fromisoformat(day), time(12), UTC) if day else None
            one, other = votes.models[int(chunk.first[at])], votes.models[int(chunk.second[at])]
            winner = winners[int(chunk.outcome[at])]
            row: tuple[object, ...] = (id, voter, prompt, day, one, other, winner)
            if len(id) >= _UNIQUE:
                row = (id,)
            elif not (id or voter or prompt or day):
                row = (len(result), one, other, winner)
            times[row] += 1
            result.append(
                ImportedVote(
                    id=_mark(*row, times[row]),
                    own_id=id,
                    model_a=one,
                    model_b=other,
                    winner=winner,
                    voter=voter,
                    prompt=prompt,
                    category=said.get("category", ""),
                    voted_ms=int(noon.timestamp() * 1000) if noon else now_ms,
                )
            )
    if votes.parts or votes.weighed:
        raise InputError(
            f"{source} holds votes in parts or counts of votes, and an arena keeps whole votes. "
            "Rate it by itself with `h2h rank`."
        )
    return result, votes.dropped


def take_in(store: ArenaStore, votes: Sequence[ImportedVote], now_ms: int, source: str) -> int:
    """Keep votes that were given elsewhere; those that are here already stay as they are.

    A file that shares nine tenths of the votes of an earlier one, or of its own, is that file as it
    was or has become: its votes and voters of the same name are the same. In any other file a short
    id or name ("3", "voter 3") is another vote or person; a long one is the same in all.

    Returns:
        How many are new.
    """
    with store.transaction():
        there: dict[str, set[str]] = {}
        for id in store.imported():
            origin, _, key = id.removeprefix("imported-").partition("-")
            there.setdefault(origin, set()).add(key)
        keys = {vote.id for vote in votes}
        shared = {o: len(keys & of) / min(len(keys), len(of)) for o, of in there.items() if keys}
        origin = max(shared, key=shared.__getitem__, default="")
        if shared.get(origin, 0.0) < _SAME_FILE:
            origin = _mark(*sorted(keys))
        here, anywhere = there.get(origin, set()), set().union(*there.values())
        new = []
        for vote in votes:
            if vote.id in (anywhere if len(vote.own_id) >= _UNIQUE else here):
                continue
            of = "" if len(vote.voter) >= _UNIQUE else origin
            voter = f"imported-{_mark(of, vote.voter or vote.id)}"
            new.append(replace(vote, id=f"imported-{origin}-{vote.id}", voter=voter))
        return store.take_in(new, now_ms, source)


def _mark(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
