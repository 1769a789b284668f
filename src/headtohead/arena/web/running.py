"""An arena that is being served: what all requests share, and the one place with a clock."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from headtohead.arena.drawing import Deck, JudgeAim, Pair, PairChances
from headtohead.arena.judge_votes import judged_pairs, last_judge
from headtohead.arena.live import LiveTurns
from headtohead.arena.pairing import draw
from headtohead.arena.prompts import Prompt
from headtohead.arena.recorded import contents
from headtohead.arena.reveals import Revealing
from headtohead.arena.settings import ArenaSettings, kept
from headtohead.arena.store.store import (
    OUTCOMES,
    WINNERS,
    ArenaStore,
    Battle,
    BattleTurn,
    Voter,
    VoteRefused,
)
from headtohead.arena.store.writer import Writer
from headtohead.arena.style import battle_styles
from headtohead.arena.web.security import Signer, secret_beside
from headtohead.arena.web.views import decided_pairs
from headtohead.core.errors import StoreBusy, StoreFull
from headtohead.hosting.beside import Beside
from headtohead.hosting.security import Limits

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
_LOG = logging.getLogger("headtohead.arena")
_JUDGE_S = 60.0  # between two looks at what a judge says
_EXPIRE_MS = 24 * 3600 * 1000  # a battle that nobody voted on for a day
_LONGEST_REASONS = 500
_LONGEST_QUESTION = 8_000


def check_question(text: str) -> None:
    """Refuse what is no question of a voter.

    Raises:
        VoteRefused: If it is empty or too long.
    """
    if not text:
        raise VoteRefused("Write a question first.", 400)
    if len(text) > _LONGEST_QUESTION:
        raise VoteRefused(f"A question has at most {_LONGEST_QUESTION:,} characters.", 400)


def now_ms() -> int:
    """Milliseconds since 1970, by UTC."""
    return time.time_ns() // 1_000_000


@contextmanager
def only_server(database: Path) -> Iterator[None]:
    """Be the one server of the file of an arena; the system ends that when a server is killed.

    Raises:
        StoreBusy: If another one serves it.
        StoreFull: If the folder cannot be written.
    """
    lock = FileLock(f"{database}.serving", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StoreBusy(
            f"{database} is served by another process, and two servers would draw the same battles "
            "twice. End that one first, or name another `database` in arena.toml."
        ) from None
    except OSError as error:
        raise StoreFull(
            f"{database.parent} cannot be written: {error.strerror}. Name another `database`."
        ) from None
    try:
        yield
    finally:
        lock.release()


def prepare(settings: ArenaSettings) -> dict[str, dict[str, int]]:
    """Make or bring up to date the file of an arena.

    Returns:
        Entrant -> reason -> how many records of its file were left out.

    Raises:
        InputError: If an entrant's file cannot be read, or the database is of something else.
    """
    held = contents(settings)
    store = ArenaStore(settings.database, create=True)
    now = now_ms()
    try:
        with store.transaction():
            if not store.kept():
                store.log(now, "arena.toml", "arena begun", settings.title)
                store.keep({"created_ms": str(now)})
            store.keep(kept(settings))
            kinds = {one.name: (one.kind, one.model) for one in settings.entrants}
            store.set_entrants(kinds, now)
            store.set_prompts({p.id: (p.category, p.text) for p in held.prompts.values()}, now)
            for name, answers in held.answers.items():
                store.set_answers(name, answers)
    finally:
        store.close()
    return {name: dict(reasons) for name, reasons in held.dropped.items() if reasons}


class RunningArena:
    """What all requests share.

    Args:
        path: Of the database, which `prepare` has made.
        rng: Draws pairs, prompts and sides.

    Attributes:
        store: The connection that reads.
        beside: Does what would keep voters waiting.
        board_settings: Those that a leaderboard needs, without what is large.
        deck: What can be drawn.
        chances: With which chance.
        tokens: Signatures of this arena.
        live: What is being answered.
        revealing: Finds answers that give their model away.

    Raises:
        InputError: If the key of an endpoint is not in the environment.
    """

    def __init__(self, settings: ArenaSettings, rng: "np.random.Generator") -> None:
        self.settings, self.rng = settings, rng
        self.store = ArenaStore(settings.database)
        self.writer = Writer(settings.database)
        self.beside = Beside()
        self.board_settings = replace(settings, prompts=())
        self._judged: Mapping[Pair, float] = {}
        self._decided: Mapping[Pair, bool] = {}
        self.tokens = Signer(secret_beside(settings.database))
        self.deck: Deck
        self.chances: PairChances
        self.read_anew()
        self.live = LiveTurns(settings, self.write, now_ms)
        self.revealing = Revealing(x for one in settings.entrants for x in (one.name, one.model))
        # A whole office may share one address, and votes quickly where answers are short.
        self.address_limits = Limits(per_minute=6000, burst=3000)
        self.newcomer_limits = Limits(per_minute=30, burst=300)
        self.voter_limits = Limits(per_minute=240, burst=80)
        self.battle_limits = Limits(per_minute=60, burst=60)

    async def start(self) -> None:
        """Make ready to ask and to read answers, in the loop that serves."""
        await self.live.start()
        await self.hear_judge()
        self._following = asyncio.create_task(self._follow_judge())
        # The first reading prepares what is looked for.
        await asyncio.to_thread(self.revealing.find, "I am ChatGPT.")

    async def stop(self) -> None:
        """Leave what is under way."""
        self._following.cancel()
        await self.live.stop()

    def close(self) -> None:
        """End what is computed, write what is waiting, and let go of the file."""
        self.beside.close()
        self.writer.close()
        self.store.close()

    async def write(self, job: Callable[[ArenaStore], T]) -> T:
        """What a job of writing gives, once it is on the disk."""
        return await asyncio.wrap_future(self.writer.submit(job))

    def read_anew(self) -> None:
        """Draw by what the file holds now: after entrants, prompts or old votes have changed."""
        self.deck = Deck.of(self.store)
        drop = self.settings.both_bad == "drop"
        votes, free = self.store.counted(), self.settings.free
        pairs = self.settings.compared
        # Of sides of several entrants each pair has to have its votes.
        single = tuple((a[0], b[0]) for a, b in pairs.values() if len(a) == len(b) == 1)
        aim = JudgeAim(
            compared=single if pairs else None,
            margin_pp=self.settings.margin_pp,
            level=self.settings.level,
            judged=lambda: self._judged,
            decided=lambda: self._decided,
        )
        self.chances = PairChances(self.deck, votes, drop_both_bad=drop, free=free, aim=aim)

    async def hear_judge(self) -> None:
        """Learn what the judge says of pairs, and which are decided: it takes long, so beside."""
        if last_judge(self.store):
            try:
                self._judged = await self.beside.do(judged_pairs, self.settings.database)
                self._decided = await self.beside.do(decided_pairs, self.board_settings)
            except VoteRefused as error:
                _LOG.error("Pairs are drawn without what the judge says since: %s", error)

    async def _follow_judge(self) -> None:
        while True:
            await asyncio.sleep(_JUDGE_S)
            await self.hear_judge()

    @property
    def categories(self) -> list[str]:
        """In the order of arena.toml, then those of the prompts only."""
        used = sorted({*self.deck.categories.values()} - {""})
        return list(dict.fromkeys((*self.settings.categories, *used)))

    async def draw(self, voter: Voter, category: str = "", question: str = "") -> Battle | None:
        """The battle that a voter has open, or a new one; None if they have seen all there is.

        The pairs that are left to this voter are drawn with the probabilities of the pairing, made
        to add up to 1; the prompts of a pair are drawn alike, and sides too.

        Args:
            question: The voter's own; empty for a prompt of the arena.

        Raises:
            VoteRefused: If there is no such category, or the question is none that may be asked.
        """
        if category and category not in self.categories:
            raise VoteRefused(f"This arena has no category {category!r}.", 404)
        if open := self.store.open_battle(voter.id):
            return self.battle_of(open, voter)
        if question := question.strip():
            return await self._asked_own(voter, category, question)
        if self.settings.free and not self.deck.texts:
            raise VoteRefused("Write a question first.", 400)
        left = self._left(voter, category)
        if not left:
            return None
        sides, probability = self._pair(left, category)
        prompts = left[(min(sides), max(sides))]
        id = prompts[int(self.rng.integers(len(prompts)))]
        prompt = Prompt(id, self.deck.texts[id], self.deck.categories[id])
        return await self._begun(voter, self._battle(voter, sides, prompt, probability))

    async def _asked_own(self, voter: Voter, category: str, question: str) -> Battle:
        if not self.settings.free:
            raise VoteRefused("In this arena questions are given.", 400)
        check_question(question)
        prompt = Prompt(secrets.token_hex(12), question, category)
        sides, probability = self._pair(self.deck.pairs, category)
        drawn = self._battle(voter, sides, prompt, probability)
        return await self._begun(voter, drawn, own=True)

    def _pair(self, pairs: Iterable[Pair], category: str) -> tuple[Pair, float]:
        """One of some pairs, left entrant first, and the probability with which it was drawn.

        Entrants that fail again and again rest for a while, unless no other pair is left.
        """
        resting = self.live.resting
        pairs = list(pairs)
        pairs = [pair for pair in pairs if not resting.intersection(pair)] or pairs
        names, wanted = self.chances.names, self.chances.mask(pairs)
        one, other, probability = draw(self.chances.of(category), self.rng, wanted=wanted)
        return (names[one], names[other]), probability

    def _left(self, voter: Voter, category: str) -> dict[Pair, tuple[str, ...]]:
        """Pairs -> ids of the prompts that this voter has not seen both answer."""
        seen: dict[Pair, set[str]] = {}
        for row in self.store.met(voter.id):
            one, other = sorted((row["left_entrant"], row["right_entrant"]))
            seen.setdefault((one, other), set()).add(row["prompt"])
        return self.deck.unseen(seen, category)

    async def _begun(self, voter: Voter, drawn: Battle, *, own: bool = False) -> Battle:
        """The battle, on the disk; or that which the voter began meanwhile."""
        oldest = drawn.drawn_ms - _EXPIRE_MS
        id = await self.write(lambda store: store.begin(drawn, voter, oldest_ms=oldest, own=own))
        return self.battle_of(id, voter)

    def _battle(self, voter: Voter, sides: Pair, prompt: Prompt, probability: float) -> Battle:
        """A battle with the answers that are recorded."""
        answers = (self.store.answer(name, prompt.id) for name in sides)
        left, right = (answer.text if answer else None for answer in answers)
        return Battle(
            id=secrets.token_hex(12),
            voter=voter.id,
            prompt=prompt.id,
            category=prompt.category,
            left_entrant=sides[0],
            right_entrant=sides[1],
            pair_probability=probability,
            drawn_ms=now_ms(),
            turns=(BattleTurn(question=prompt.text, left_answer=left, right_answer=right),),
        )

    async def vote(
        self, voter: Voter, battle: str, outcome: str, token: str, reasons: str = ""
    ) -> Battle:
        """The battle after a vote, with its names to show.

        Raises:
            VoteRefused: If the outcome is none, or the token is not of this battle and voter.
        """
        if outcome not in OUTCOMES:
            raise VoteRefused(f"A vote is one of {', '.join(OUTCOMES)}.", 400)
        if not self.tokens.signs(token, "vote", battle, voter.id):
            raise VoteRefused("This vote is not from a page of yours. Reload the page.", 403)
        now, drawn = now_ms(), self.battle_of(battle, voter)
        reveals = await asyncio.to_thread(self._reveals, drawn)
        styles = battle_styles(drawn)
        await self.write(
            lambda store: store.vote(
                battle,
                voter.id,
                outcome,
                now,
                reasons=reasons[:_LONGEST_REASONS],
                seconds=(now - drawn.drawn_ms) / 1000,
                reveals=reveals,
                styles=styles,
            )
        )
        voted = self.battle_of(battle, voter)
        left, right = voted.left_entrant, voted.right_entrant
        if not reveals:  # else the vote is not rated
            self.chances.add(voted.category, left, right, WINNERS[voted.outcome])
        return voted

    def _reveals(self, battle: Battle) -> str:
        """What in the answers of a battle gives their model away: a line for each place."""
        asked = "\n".join(turn.question for turn in battle.turns)
        found = {
            f"{side}: {reveal.words}": None
            for turn in battle.turns
            for side, text in (("left", turn.left_answer), ("right", turn.right_answer))
            for reveal in self.revealing.find(text or "", asked)
        }
        return "\n".join(found)

    def battle_of(self, id: str, voter: Voter) -> Battle:
        """A battle, if it is this voter's.

        Raises:
            VoteRefused: If it is not.
        """
        battle = self.store.battle(id)
        if battle is None or battle.voter != voter.id:
            raise VoteRefused("This battle is not one of yours.", 404)
        return battle
