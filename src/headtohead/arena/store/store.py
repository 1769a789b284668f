"""The one place that speaks SQL to the file of an arena.

`ArenaStore` is one connection: what it writes is one transaction a call. A server writes through
the thread in `writer.py`.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from headtohead.core.errors import DamagedStore, InputError, StoreBusy, StoreFull, UnknownName
from headtohead.files.opening import database_to_read
from headtohead.hosting.refused import Refused

Door = Literal["open", "link", "header"]
WINNERS: Mapping[str, str] = {
    "left": "model_a",
    "right": "model_b",
    "tie": "tie",
    "both_bad": "tie (bothbad)",
}
"""What a voter says of the sides -> the same in the words of leaderboards."""
OUTCOMES = tuple(WINNERS)
_LAYOUT = 2
_TOML = "arena.toml"  # who did what its file asks for
_OURS = 0x48324841  # "H2HA": what SQLite calls the application of a file
_BUSY_S = 5.0
_OPEN = "SELECT id, drawn_ms FROM battles WHERE voter = ? AND state = 'open' ORDER BY drawn_ms DESC"
_VOTER = "SELECT id, name, kind, door, blocked_ms IS NOT NULL AS blocked FROM voters"
_COUNT = "SELECT COUNT(*) FROM counted_votes"
_COUNT_ALL = (
    "SELECT (SELECT COUNT(*) FROM votes) - (SELECT COUNT(*) FROM voids) "
    "- (SELECT COUNT(*) FROM battles WHERE state = 'voted' AND voter IN "
    "(SELECT id FROM voters WHERE kind = 'judge')) "
    "+ (SELECT COUNT(*) FROM voids CROSS JOIN battles ON id = battle WHERE voter IN "
    "(SELECT id FROM voters WHERE kind = 'judge'))"
)
_FULL = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)


class VoteRefused(Refused):
    """What a voter asked for is not theirs to do, or is done already."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleTurn:
    """One question of a battle, and both answers; None until they have come."""

    question: str
    left_answer: str | None = None
    right_answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battle:
    """Two entrants and what they were asked.

    Attributes:
        pair_probability: With which this pair was drawn.
        outcome: What the voter said; empty while the battle is open.
        about: Of a judge's, the battle of a person whose answers these are; None if of no single
            one.
        known_ms: Of a judge's, when people had voted on these answers; 0 for recorded ones.
    """

    id: str
    voter: str
    prompt: str
    category: str
    left_entrant: str
    right_entrant: str
    pair_probability: float
    drawn_ms: int
    state: Literal["open", "voted", "failed", "expired"] = "open"
    reason: str = ""
    turns: tuple[BattleTurn, ...] = ()
    outcome: str = ""
    about: str | None = None
    known_ms: int = 0

    @property
    def ready(self) -> bool:
        """Whether each question has both answers."""
        return all(None not in (turn.left_answer, turn.right_answer) for turn in self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """What an entrant answered before, with what its file tells of it; None if unknown."""

    text: str
    cost_usd: float | None = None
    latency_s: float | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAnswer:
    """What an entrant answered in a battle, and what it took; None if unknown.

    Attributes:
        first_s: Seconds from asking to its first text.
        total_s: Seconds from asking to its end.
    """

    text: str
    first_s: float | None = None
    total_s: float | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """One who votes: a person, or a judge model."""

    id: str
    name: str = ""
    kind: Literal["person", "judge"] = "person"
    door: Door = "open"
    blocked: bool = False


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """What SQLite says of a file, as an error of ours.

    Raises:
        StoreBusy: If another process writes for longer than we wait.
        StoreFull: If the disk is full or cannot be written.
        DamagedStore: If the file is not a database, or is damaged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusy(f"{path}: another process is writing to it. Try again.") from error
        if code in _FULL:
            raise StoreFull(
                f"{path} could not be written: the disk is full, or the folder is not writable."
            ) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DamagedStore(
                f"{path}: not the file of an arena, or a damaged one. Give another, or restore "
                "it from a copy."
            ) from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedVote:
    """A vote that was given elsewhere.

    Attributes:
        id: Begins with "imported-" once it is here.
        own_id: What it is called there; a battle of that id is this one.
        winner: In the words of leaderboards.
        voter: Their id here; before that, what they are called there, empty if unknown.
        prompt: What was asked, or its id there; empty if unknown.
    """

    id: str
    model_a: str
    model_b: str
    winner: str
    voter: str
    prompt: str
    category: str
    voted_ms: int
    own_id: str = ""


class ArenaStore:
    """One connection to the file of an arena.

    Args:
        path: Where it is; made if there is none and `create` is set.
        read_only: Whether nothing can be written through it.

    Raises:
        InputError: If there is no such file, or it is of something else or of another version.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise InputError(f"{path}: there is no such file.")
        if path.is_dir():
            raise InputError(f"{path} is a folder. Name the file of votes in it.")
        uri = database_to_read(path) if read_only else f"{path.resolve().as_uri()}?mode=rwc"
        with _faults(path):
            # SQLite itself lets threads take turns; a server may be made in one and run in another.
            self._db = sqlite3.connect(
                uri,
                uri=True,
                timeout=_BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._opened(create)
            except BaseException:
                self._db.close()
                raise

    def _opened(self, create: bool) -> None:
        self._db.row_factory = sqlite3.Row
        empty = not self._db.execute("SELECT 1 FROM sqlite_schema").fetchone()
        if empty and create:
            self._db.execute("PRAGMA journal_mode = WAL")
            with self.transaction():
                # Another process may have made it since we looked.
                if not self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                    schema = files("headtohead").joinpath("arena/store/schema.sql")
                    for statement in _statements(schema.read_text(encoding="utf-8")):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA application_id = {_OURS}")
                    self._db.execute(f"PRAGMA user_version = {_LAYOUT}")
        self._check()
        for pragma in ("foreign_keys = ON", "synchronous = FULL"):
            self._db.execute(f"PRAGMA {pragma}")

    def _check(self) -> None:
        """Refuse a file of something else, of another version of headtohead, or a damaged one."""
        (ours,) = self._db.execute("PRAGMA application_id").fetchone()
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if ours != _OURS:
            raise InputError(f"{self.path}: this database is not that of an arena.")
        if layout != _LAYOUT:
            age = "a newer" if layout > _LAYOUT else "an older"
            raise InputError(
                f"{self.path} was written by {age} version of headtohead (layout {layout}; this "
                f"one reads {_LAYOUT}). Use that version, or begin a new file."
            )
        (sound,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise DamagedStore(f"{self.path} is damaged: {sound}. Restore it from a copy.")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside, or none of it; inside another one, a part of that."""
        inside = self._db.in_transaction
        begin, end, undo = (
            ("SAVEPOINT part", ("RELEASE part",), ("ROLLBACK TO part", "RELEASE part"))
            if inside
            else ("BEGIN IMMEDIATE", ("COMMIT",), ("ROLLBACK",))
        )
        with _faults(self.path):
            self._db.execute(begin)
            try:
                yield
                for statement in end:
                    self._db.execute(statement)
            except BaseException:
                # SQLite itself rolls back on some faults, as on a full disk.
                for statement in undo if self._db.in_transaction else ():
                    self._db.execute(statement)
                raise

    @property
    def writing(self) -> bool:
        """Whether a transaction is under way."""
        return self._db.in_transaction

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What a SELECT gives: for the parts of the arena that read in bulk."""
        with _faults(self.path):
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    # What the arena says of itself

    def kept(self) -> dict[str, str]:
        """What was set when the arena was last served: title, margin and the rest, as text."""
        return {row["key"]: row["value"] for row in self.rows("SELECT key, value FROM arena")}

    def keep(self, values: Mapping[str, str]) -> None:
        """Set what the arena says of itself."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO arena VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                values.items(),
            )

    def set_entrants(
        self, entrants: Mapping[str, tuple[str, str]], now_ms: int, actor: str = _TOML
    ) -> None:
        """Make these the entrants that are drawn; one that is gone is retired, its votes stay.

        Args:
            entrants: Name -> kind ("endpoint" or "recorded") and model.
        """
        with self.transaction():
            there = {row["name"]: row for row in self.rows("SELECT * FROM entrants")}
            off = self._switched_off("entrant")
            for name in there.keys() - entrants.keys():
                if there[name]["retired_ms"] is None:
                    self.retire(name, now_ms, actor)
            for name, (kind, model) in entrants.items():
                old = there.get(name)
                if old is None:
                    self._db.execute(
                        "INSERT INTO entrants VALUES (?, ?, ?, ?, NULL)",
                        (name, kind, model, now_ms),
                    )
                    self.log(now_ms, actor, "entrant added", name)
                elif name in off:
                    continue
                elif old["retired_ms"] is not None or (old["kind"], old["model"]) != (kind, model):
                    self._db.execute(
                        "UPDATE entrants SET kind = ?, model = ?, retired_ms = NULL WHERE name = ?",
                        (kind, model, name),
                    )
                    act = (
                        "entrant brought back"
                        if old["retired_ms"] is not None
                        else "entrant changed"
                    )
                    self.log(now_ms, actor, act, name)

    def retire(self, entrant: str, now_ms: int, actor: str, *, back: bool = False) -> None:
        """Draw an entrant no more, or again.

        Raises:
            VoteRefused: If there is none of this name.
        """
        self._switch("entrants", "name", entrant, now_ms, actor, back=back)

    def retire_prompt(self, prompt: str, now_ms: int, actor: str, *, back: bool = False) -> None:
        """Ask a prompt no more, or again.

        Raises:
            VoteRefused: If there is none of this id.
        """
        self._switch("prompts", "id", prompt, now_ms, actor, back=back)

    def _switched_off(self, what: Literal["entrant", "prompt"]) -> set[str]:
        """What somebody retired by hand, so that a restart does not bring it back."""
        last = {
            row["detail"]: row["act"] == f"{what} retired" and row["actor"] != _TOML
            for row in self.rows(
                "SELECT detail, act, actor FROM log WHERE act IN (?, ?) ORDER BY id",
                f"{what} retired",
                f"{what} brought back",
            )
        }
        return {name for name, off in last.items() if off}

    def _switch(
        self, table: str, key: str, which: str, now_ms: int, actor: str, *, back: bool
    ) -> None:
        with self.transaction():
            changed = self._db.execute(
                f"UPDATE {table} SET retired_ms = ? WHERE {key} = ?",
                (None if back else now_ms, which),
            ).rowcount
            if not changed:
                raise VoteRefused("There is nothing of that name in this arena.", 404)
            what = table.removesuffix("s")
            self.log(now_ms, actor, f"{what} brought back" if back else f"{what} retired", which)

    def set_prompts(self, prompts: Mapping[str, tuple[str, str]], now_ms: int) -> None:
        """Make these the prompts that are drawn; one that is gone is retired, its votes stay.

        Args:
            prompts: Id -> category and text.
        """
        with self.transaction():
            off = self._switched_off("prompt")
            self._db.execute(
                "UPDATE prompts SET retired_ms = COALESCE(retired_ms, ?) WHERE own = 0", (now_ms,)
            )
            self._db.executemany(
                "INSERT INTO prompts (id, category, text) VALUES (?, ?, ?) ON CONFLICT (id) DO "
                "UPDATE SET category = excluded.category, text = excluded.text, retired_ms = NULL",
                [(id, *asked) for id, asked in prompts.items() if id not in off],
            )

    def set_answers(self, entrant: str, answers: Mapping[str, RecordedAnswer]) -> None:
        """Make these the recorded answers of an entrant.

        Args:
            answers: Id of a prompt -> answer.
        """
        with self.transaction():
            self._db.execute("DELETE FROM answers WHERE entrant = ?", (entrant,))
            self._db.executemany(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (entrant, id, a.text, a.cost_usd, a.latency_s, a.output_tokens)
                    for id, a in answers.items()
                ],
            )

    def entrants(self, *, retired: bool = False) -> list[sqlite3.Row]:
        """Entrants by name: those that are drawn, or all."""
        which = "" if retired else "WHERE retired_ms IS NULL"
        return self.rows(f"SELECT * FROM entrants {which} ORDER BY name")

    def answer(self, entrant: str, prompt: str) -> RecordedAnswer | None:
        """What an entrant answered to a prompt; None if its file has no answer."""
        row = self._one(
            "SELECT text, cost_usd, latency_s, output_tokens FROM answers "
            "WHERE entrant = ? AND prompt = ?",
            *(entrant, prompt),
        )
        return RecordedAnswer(**dict(row)) if row else None

    # Voters

    def voter(self, id: str) -> Voter | None:
        """Who has this id; None if nobody."""
        row = self._one(f"{_VOTER} WHERE id = ?", id)
        return Voter(**{**dict(row), "blocked": bool(row["blocked"])}) if row else None

    def voter_named(self, name: str, door: Door) -> Voter | None:
        """Who came, or may come, through a door by this name; None if nobody."""
        row = self._one(f"{_VOTER} WHERE name = ? AND door = ? ORDER BY first_ms", name, door)
        return self.voter(row["id"]) if row else None

    def voter_numbers(self) -> dict[str, int]:
        """Id of each person -> the number that they keep, in the order in which they came."""
        rows = self.rows("SELECT id FROM voters WHERE kind = 'person' ORDER BY rowid")
        return {row["id"]: number for number, row in enumerate(rows, 1)}

    def voter_called(self, said: str) -> str:
        """The id of the person of an id or the beginning of one, a name, or a number ("voter 3").

        Raises:
            InputError: If it is nobody, or not one person alone.
        """
        numbers = self.voter_numbers()
        names = {row["id"]: row["name"] for row in self.rows("SELECT id, name FROM voters")}
        shown = {id: names[id] or f"voter {number}" for id, number in numbers.items()}
        number = said.casefold().removeprefix("voter ")
        for meant in (
            {id for id in numbers if said in (id, names[id])},
            {id for id, n in numbers.items() if number == str(n)},
            {id for id in numbers if id.startswith(said)},
        ):
            if len(meant) == 1:
                return meant.pop()
            if meant:
                several = ", ".join(sorted(f"voter {numbers[id]}" for id in meant))
                raise InputError(f"{said!r} may be {several}. Say which as `voter`.")
        raise UnknownName("voter", said, sorted(shown.values()))

    def add_voter(self, voter: Voter, now_ms: int) -> None:
        """Let a voter in; one who is known stays as they are."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO voters VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (id) DO NOTHING",
                (voter.id, voter.name, voter.kind, voter.door, now_ms),
            )

    def block(self, voter: str, now_ms: int, actor: str, *, blocked: bool = True) -> None:
        """Let a voter vote no more, or again; their votes stay."""
        with self.transaction():
            self._db.execute(
                "UPDATE voters SET blocked_ms = ? WHERE id = ?",
                (now_ms if blocked else None, voter),
            )
            self.log(now_ms, actor, "voter blocked" if blocked else "voter let in again", voter)

    # Battles and votes

    def begin(self, battle: Battle, voter: Voter, *, oldest_ms: int = 0, own: bool = False) -> str:
        """Keep a battle that was drawn, unless its voter has one that is open.

        Args:
            oldest_ms: An open battle that was drawn earlier has expired.
            own: Whether its first question is the voter's own, and a prompt from now on that
                nobody else is shown.

        Returns:
            The id of the battle that is open now.
        """
        with self.transaction():
            self.add_voter(voter, battle.drawn_ms)
            for row in self.rows(_OPEN, voter.id):
                if row["drawn_ms"] >= oldest_ms:
                    return str(row["id"])
                self.end(row["id"], "expired", "nobody voted")
            if own:
                self._db.execute(
                    "INSERT INTO prompts (id, category, text, own) VALUES (?, ?, ?, 1)",
                    (battle.prompt, battle.category, battle.turns[0].question),
                )
            self._db.execute(
                "INSERT INTO battles VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', '', NULL, 0)",
                (
                    *(battle.id, battle.voter, battle.prompt, battle.category),
                    *(battle.left_entrant, battle.right_entrant),
                    *(battle.pair_probability, battle.drawn_ms),
                ),
            )
            self._keep_turns(battle)
        return battle.id

    def _keep_turns(self, battle: Battle) -> None:
        self._db.executemany(
            "INSERT INTO turns (battle, turn, question, left_answer, right_answer) "
            "VALUES (?, ?, ?, ?, ?)",
            [
                (battle.id, number, turn.question, turn.left_answer, turn.right_answer)
                for number, turn in enumerate(battle.turns, 1)
            ],
        )

    def battle(self, id: str) -> Battle | None:
        """A battle with its turns; None if there is none of this id."""
        row = self._one(
            "SELECT b.*, COALESCE(v.outcome, '') AS outcome FROM battles AS b "
            "LEFT JOIN votes AS v ON v.battle = b.id WHERE b.id = ?",
            id,
        )
        if row is None:
            return None
        turns = self.rows(
            "SELECT question, left_answer, right_answer FROM turns WHERE battle = ? ORDER BY turn",
            id,
        )
        return Battle(**dict(row), turns=tuple(BattleTurn(**dict(turn)) for turn in turns))

    def open_battle(self, voter: str) -> str:
        """The id of the battle that a voter has not decided yet; empty if there is none."""
        row = self._one(_OPEN, voter)
        return str(row["id"]) if row else ""

    def met(self, voter: str) -> list[sqlite3.Row]:
        """What a voter was shown: prompt and both entrants of each battle that did not fail."""
        return self.rows(
            "SELECT prompt, left_entrant, right_entrant FROM battles "
            "WHERE voter = ? AND state <> 'failed'",
            voter,
        )

    def ask_on(self, battle: str, voter: str, question: str, most_turns: int) -> None:
        """Add a question to a battle whose answers are all there.

        Raises:
            VoteRefused: If the battle is not this voter's, or not open, lacks an answer or has as
                many questions as it may.
        """
        with self.transaction():
            turns = self.rows(
                "SELECT left_answer, right_answer FROM turns WHERE battle = ?", battle
            )
            row = self._one("SELECT voter, state FROM battles WHERE id = ?", battle)
            mine = row is not None and row["voter"] == voter and row["state"] == "open"
            if not mine or any(None in tuple(turn) for turn in turns):
                self._refuse(battle, voter)
            if len(turns) >= most_turns:
                raise VoteRefused(f"A battle has at most {most_turns} questions. Vote now.")
            self._db.execute(
                "INSERT INTO turns (battle, turn, question) VALUES (?, ?, ?)",
                (battle, len(turns) + 1, question),
            )

    def answered(self, battle: str, turn: int, left: TurnAnswer, right: TurnAnswer) -> None:
        """Keep both answers to a question of a battle, unless it has some already."""
        figures = ("answer", "first_s", "total_s", "tokens", "cost_usd")
        columns = ", ".join(f"{side}_{name} = ?" for side in ("left", "right") for name in figures)
        values = [
            value
            for one in (left, right)
            for value in (one.text, one.first_s, one.total_s, one.output_tokens, one.cost_usd)
        ]
        with self.transaction():
            self._db.execute(
                f"UPDATE turns SET {columns} WHERE battle = ? AND turn = ? "
                "AND (left_answer IS NULL OR right_answer IS NULL)",
                (*values, battle, turn),
            )

    def vote(
        self,
        battle: str,
        voter: str,
        outcome: str,
        now_ms: int,
        *,
        reasons: str = "",
        seconds: float | None = None,
        reveals: str = "",
        styles: str = "{}",
    ) -> None:
        """Count a vote: the battle is voted on and the vote is there, or neither.

        Raises:
            VoteRefused: If the battle is not this voter's, or not open, or lacks an answer.
        """
        with self.transaction():
            changed = self._db.execute(
                "UPDATE battles SET state = 'voted' WHERE id = ? AND voter = ? AND state = 'open' "
                "AND NOT EXISTS (SELECT 1 FROM turns WHERE battle = battles.id "
                "AND (left_answer IS NULL OR right_answer IS NULL))",
                (battle, voter),
            ).rowcount
            if not changed:
                self._refuse(battle, voter)
            self._db.execute(
                "INSERT INTO votes VALUES (?, ?, ?, ?, ?, ?, ?)",
                (battle, outcome, reasons, now_ms, seconds, reveals, styles),
            )

    def _refuse(self, battle: str, voter: str) -> None:
        row = self._one("SELECT voter, state FROM battles WHERE id = ?", battle)
        if row is None or row["voter"] != voter:
            raise VoteRefused("This battle is not one of yours.", 404)
        if row["state"] == "voted":
            raise VoteRefused("You have voted on this battle already.")
        if row["state"] == "open":
            raise VoteRefused("Both answers must be there before you vote.")
        raise VoteRefused("This battle ended without both answers, so there is nothing to vote on.")

    def judge(self, judge: Voter, battles: Iterable[Battle], styles: Iterable[str]) -> None:
        """Keep what a judge said of two answers, all or nothing; what is kept already stays.

        Args:
            battles: One for each order: voted with its outcome, or failed with its reason.
            styles: Of each, as in `vote`.
        """
        with self.transaction():
            for battle, style in zip(battles, styles, strict=True):
                self.add_voter(judge, battle.drawn_ms)
                new = self._db.execute(
                    "INSERT INTO battles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO NOTHING",
                    (
                        *(battle.id, judge.id, battle.prompt, battle.category),
                        *(battle.left_entrant, battle.right_entrant, battle.pair_probability),
                        *(battle.drawn_ms, battle.state, battle.reason),
                        *(battle.about, battle.known_ms),
                    ),
                ).rowcount
                if not new:
                    continue
                self._keep_turns(battle)
                if battle.outcome:
                    self._db.execute(
                        "INSERT INTO votes (battle, outcome, voted_ms, styles) VALUES (?, ?, ?, ?)",
                        (battle.id, battle.outcome, battle.drawn_ms, style),
                    )

    def end(self, battle: str, state: Literal["failed", "expired"], reason: str) -> None:
        """End an open battle that is not counted, and say why."""
        with self.transaction():
            self._db.execute(
                "UPDATE battles SET state = ?, reason = ? WHERE id = ? AND state = 'open'",
                (state, reason, battle),
            )

    def void(self, battle: str, reason: str, now_ms: int, actor: str) -> None:
        """Count a vote no more, with a reason; it stays in the file.

        Raises:
            VoteRefused: If there is no such vote, no reason, or the vote is void already.
        """
        if not reason.strip():
            raise VoteRefused("Say why the vote is void: `reason` is empty.")
        with self.transaction():
            if not self._one("SELECT 1 FROM votes WHERE battle = ?", battle):
                raise VoteRefused(f"There is no vote on a battle {battle!r}.")
            if self._one("SELECT 1 FROM voids WHERE battle = ?", battle):
                raise VoteRefused("This vote is void already.")
            self._db.execute("INSERT INTO voids VALUES (?, ?, ?)", (battle, reason, now_ms))
            self.log(now_ms, actor, "vote voided", f"{battle}: {reason}")

    def void_all(self, voter: str, reason: str, now_ms: int, actor: str) -> None:
        """Count no vote any more that a voter has given so far, as `void`."""
        with self.transaction():
            for row in self.rows("SELECT battle FROM standing_votes WHERE voter = ?", voter):
                self.void(row["battle"], reason, now_ms, actor)

    def imported(self) -> list[str]:
        """Ids of the votes that were given elsewhere, those that are void among them."""
        return [row["id"] for row in self.rows("SELECT id FROM battles WHERE id GLOB 'imported-*'")]

    def take_in(self, votes: Iterable[ImportedVote], now_ms: int, source: str) -> int:
        """Keep votes that were given elsewhere, but for battles of this arena that came back.

        Entrants that the arena does not know are added as retired: they are rated, never drawn.

        Returns:
            How many are new.
        """
        outcomes = {word: outcome for outcome, word in WINNERS.items()}
        new = 0
        with self.transaction():
            for v in votes:
                if self._one("SELECT 1 FROM battles WHERE id IN (?, ?)", v.id, v.own_id):
                    continue
                for name in (v.model_a, v.model_b):
                    self._db.execute(
                        "INSERT INTO entrants VALUES (?, 'recorded', '', ?, ?) "
                        "ON CONFLICT (name) DO NOTHING",
                        (name, now_ms, now_ms),
                    )
                prompt = f"imported: {v.prompt}"
                self._db.execute(
                    "INSERT INTO prompts VALUES (?, ?, ?, 1, ?) ON CONFLICT (id) DO NOTHING",
                    (prompt, v.category, v.prompt, now_ms),
                )
                self.add_voter(Voter(id=v.voter), v.voted_ms)
                self._db.execute(
                    "INSERT INTO battles VALUES (?, ?, ?, ?, ?, ?, 1, ?, 'voted', ?, NULL, 0)",
                    (
                        *(v.id, v.voter, prompt, v.category, v.model_a, v.model_b),
                        *(v.voted_ms, f"imported from {source}"),
                    ),
                )
                self._db.execute(
                    "INSERT INTO votes (battle, outcome, voted_ms) VALUES (?, ?, ?)",
                    (v.id, outcomes[v.winner], v.voted_ms),
                )
                new += 1
            self.log(now_ms, "h2h arena import", "votes imported", f"{new} from {source}")
        return new

    def answers_taken(self) -> list[sqlite3.Row]:
        """Entrant, seconds and dollars of every answer that was voted on; null where unknown."""
        return self.rows(
            "SELECT left_entrant AS entrant, left_total_s AS seconds, left_cost_usd AS usd "
            "FROM turns JOIN battles ON id = battle WHERE state = 'voted' AND voter NOT IN "
            "(SELECT id FROM voters WHERE kind = 'judge') UNION ALL "
            "SELECT right_entrant, right_total_s, right_cost_usd "
            "FROM turns JOIN battles ON id = battle WHERE state = 'voted' AND voter NOT IN "
            "(SELECT id FROM voters WHERE kind = 'judge')"
        )

    def changes(self) -> int:
        """A number that is another one after any other connection has written."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def counted(self) -> list[tuple[str, str, str, str, int]]:
        """Category, left and right entrant and winner of the votes that are rated; how many."""
        rows = self.rows(
            "SELECT category, model_a, model_b, winner, COUNT(*) FROM counted_votes "
            "WHERE names_hidden GROUP BY category, model_a, model_b, winner"
        )
        return [tuple(row) for row in rows]

    def votes_n(self, voter: str = "") -> int:
        """How many votes count: of a voter, or of all."""
        if voter:
            return int(self.rows(f"{_COUNT} WHERE voter = ?", voter)[0][0])
        # Every open page asks for it, so that it must not read every battle.
        return int(self.rows(_COUNT_ALL)[0][0])

    def acts_n(self) -> int:
        """How many lines the log has; entrants come and go with one."""
        return int(self.rows("SELECT COALESCE(MAX(id), 0) FROM log")[0][0])

    def latest(self, most: int) -> list[sqlite3.Row]:
        """The votes that count and came last, the last first."""
        return self.rows(
            "SELECT * FROM counted_votes WHERE battle IN (SELECT battle FROM votes JOIN battles "
            "ON id = battle WHERE voter IN (SELECT id FROM voters WHERE kind = 'person') "
            "AND battle NOT IN (SELECT battle FROM voids) ORDER BY votes.rowid DESC LIMIT ?) "
            "ORDER BY voted_ms DESC",
            most,
        )

    def categories(self) -> list[str]:
        """Of the prompts that are drawn."""
        found = self.rows(
            "SELECT DISTINCT category FROM prompts WHERE retired_ms IS NULL AND own = 0"
        )
        return [row["category"] for row in found]

    def log(self, now_ms: int, actor: str, act: str, detail: str = "") -> None:
        """Add a line to the log, which is never changed."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO log (at_ms, actor, act, detail) VALUES (?, ?, ?, ?)",
                (now_ms, actor, act, detail),
            )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, so that they fit into one transaction."""
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
