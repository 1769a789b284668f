"""Questions that are being answered live: each is asked once, whoever watches.

An answer goes on while nobody looks, and who comes back is shown it from where they left. It is
kept once both are shown in full; a fault ends the battle, which is not counted then.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from headtohead.arena.endpoints import (
    AT_ONCE,
    AnswerLimits,
    Caller,
    Fault,
    LiveAnswer,
    LiveEntrant,
    open_caller,
)
from headtohead.arena.pacing import ShowingPace, equalised
from headtohead.arena.rendering import answers_html, plain_text
from headtohead.arena.settings import ArenaSettings, Entrant
from headtohead.arena.store.store import ArenaStore, Battle, TurnAnswer
from headtohead.core.errors import HeadToHeadError
from headtohead.prices.rates import Rates
from headtohead.trials.replay.client import Endpoint

Write = Callable[[Callable[[ArenaStore], None]], Awaitable[None]]
_LOG = logging.getLogger("headtohead.arena")
_HEARTBEAT_S, _FIRST_BEAT_S = 15.0, 1.0
_FAULTS_N = 3
_REST_MS = 60_000
_NOT_KEPT = "The answers could not be kept."


class TurnUnderWay:
    """Both answers to one question, as far as they may be shown.

    Attributes:
        pieces: Side and plain text, in the order in which they are shown.
        html: Side -> its whole answer as safe HTML; empty until both are whole.
        fault: Why there will be no answers, for the voter; empty if there will be.
        answers: Both, as they come.
    """

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self.html: dict[str, str] = {}
        self.fault = ""
        self.answers: tuple[LiveAnswer | _Recorded, ...] = ()
        self._news = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.html or self.fault)

    @property
    def waiting(self) -> bool:
        """Whether an answer waits until those of other voters have come to their ends."""
        return any(answer.waiting for answer in self.answers)

    def show(self, **pieces: str) -> None:
        """Add text to sides."""
        self.pieces += [(side, plain_text(text)) for side, text in pieces.items() if text]
        self.tell()

    def tell(self) -> None:
        """Wake all who watch."""
        self._news.set()
        self._news = asyncio.Event()

    async def pieces_from(self, start: int) -> AsyncIterator[tuple[int, str, str]]:
        """Number, side and text of each piece from a number on, until nothing more will come.

        Where nothing comes for some seconds, a piece without a side.
        """
        patience_s = _FIRST_BEAT_S
        while True:
            news = self._news
            while start < len(self.pieces):
                yield (start, *self.pieces[start])
                start += 1
            if self.over:
                return
            try:
                async with asyncio.timeout(patience_s):
                    await news.wait()
            except TimeoutError:
                yield start, "", ""
                patience_s = _HEARTBEAT_S


class LiveTurns:
    """All questions under way, and the entrants that are asked.

    Args:
        write: Does a job of writing, and waits until it is on the disk.
        now_ms: The clock, for the log.

    Raises:
        InputError: If an entrant's key is not in the environment.
    """

    def __init__(self, settings: ArenaSettings, write: Write, now_ms: Callable[[], int]) -> None:
        self._entrants = {
            one.name: _live(one, settings.limits)
            for one in settings.entrants
            if one.kind == "endpoint"
        }
        for entrant in self._entrants.values():
            entrant.endpoint.headers()
        # Entrants behind one address wait for each other.
        at_once = int(settings.limits.get("at_once", AT_ONCE))
        addresses = {one.endpoint.address for one in self._entrants.values()}
        self._turns = {address: asyncio.Semaphore(at_once) for address in addresses}
        self._write, self._now_ms = write, now_ms
        self._callers: dict[str, Caller] = {}
        self._under_way: dict[str, tuple[TurnUnderWay, asyncio.Task[None]]] = {}
        self._open = AsyncExitStack()
        # Entrant -> faults in a row, and when the last was.
        self._faults: dict[str, tuple[int, int]] = {}

    async def start(self) -> None:
        """Make ready to ask; before the first question, in the loop that serves."""
        for name, entrant in self._entrants.items():
            calling = open_caller(entrant, self._turns[entrant.endpoint.address])
            self._callers[name] = await self._open.enter_async_context(calling)

    async def stop(self) -> None:
        """Leave what is under way; it is asked anew when its voter comes back."""
        tasks = [task for _, task in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._open.aclose()

    def can_go_on(self, battle: Battle) -> bool:
        """Whether both entrants can be asked more than what is recorded."""
        return {battle.left_entrant, battle.right_entrant} <= self._entrants.keys()

    def begin(self, battle: Battle) -> None:
        """Have answers that a battle lacks written from now on, before anybody watches."""
        if battle.state == "open" and not battle.ready:
            self.watch(battle)

    def watch(self, battle: Battle) -> TurnUnderWay:
        """The last question of a battle, which lacks answers; it is asked if it was not yet."""
        if battle.id not in self._under_way:
            turn = TurnUnderWay()
            task = asyncio.create_task(self._answer(battle, turn))
            self._under_way[battle.id] = turn, task
            task.add_done_callback(lambda _: self._under_way.pop(battle.id))
        return self._under_way[battle.id][0]

    async def _answer(self, battle: Battle, turn: TurnUnderWay) -> None:
        """Have both answer, and keep what came, or why nothing did."""
        try:
            left, right = self._asked(battle, "left"), self._asked(battle, "right")
            turn.answers = left, right
            one = self._watched(battle.left_entrant, left)
            other = self._watched(battle.right_entrant, right)
            async for shown in equalised(one, other, ShowingPace()):
                turn.show(left=shown.left, right=shown.right)
            answers = _kept(left), _kept(right)
            number = len(battle.turns)
            await self._write(lambda store: store.answered(battle.id, number, *answers))
            html = await answers_html(one.text for one in answers)
            turn.html = {
                side: html[one.text] for side, one in zip(("left", "right"), answers, strict=True)
            }
        except Fault as fault:
            who = fault.entrant or f"{battle.left_entrant} and {battle.right_entrant}"
            await self._fail(battle, turn, fault.sentence, f"{who}: {fault.detail}")
        except HeadToHeadError as error:
            await self._fail(battle, turn, _NOT_KEPT, str(error))
        except Exception:  # noqa: BLE001 - the battle has failed, and the server lives
            _LOG.exception("An answer failed.")
            await self._fail(battle, turn, _NOT_KEPT, "see the log of the server")
        finally:
            turn.tell()

    async def _watched(self, name: str, answer: "LiveAnswer | _Recorded") -> AsyncIterator[str]:
        """The pieces of an answer, of which we remember whether it came to its end."""
        try:
            async for piece in answer:
                yield piece
            self._faults.pop(name, None)
        except Fault as fault:
            fault.entrant = name
            faults_n = self._faults[name][0] if name in self._faults else 0
            self._faults[name] = faults_n + 1, self._now_ms()
            raise

    @property
    def resting(self) -> frozenset[str]:
        """Entrants that failed so often in a row that they are not drawn for a minute."""
        now = self._now_ms()
        return frozenset(
            name
            for name, (faults_n, last_ms) in self._faults.items()
            if faults_n >= _FAULTS_N and now - last_ms < _REST_MS
        )

    def _asked(self, battle: Battle, side: str) -> "LiveAnswer | _Recorded":
        """The answer of one side: under way, or as it is recorded."""
        recorded = getattr(battle.turns[-1], f"{side}_answer")
        if recorded is not None:
            return _Recorded(recorded)
        name = getattr(battle, f"{side}_entrant")
        if name not in self._callers:
            raise Fault("not set up", AnswerLimits(), f"{name} is not in arena.toml any more")
        said: list[Mapping[str, Any]] = []
        for turn in battle.turns:
            said.append({"role": "user", "content": turn.question})
            if (answer := getattr(turn, f"{side}_answer")) is not None:
                said.append({"role": "assistant", "content": answer})
        key = f"{battle.id}-{len(battle.turns)}-{side}"
        return self._callers[name].ask(said, key)

    async def _fail(self, battle: Battle, turn: TurnUnderWay, said: str, detail: str) -> None:
        now = self._now_ms()

        def end(store: ArenaStore) -> None:
            store.end(battle.id, "failed", said)
            store.log(now, "arena", "battle failed", detail)

        try:
            await self._write(end)
        except HeadToHeadError as error:
            _LOG.error("A failed battle could not be marked: %s", error)
        turn.fault = said  # whoever is told of it can begin another battle


class _Recorded:
    """An answer that was there before, read as fast as anyone wants."""

    waiting = False

    def __init__(self, text: str) -> None:
        self.text = text

    async def __aiter__(self) -> AsyncIterator[str]:
        if self.text:
            yield self.text


def _kept(answer: LiveAnswer | _Recorded) -> TurnAnswer:
    if isinstance(answer, _Recorded):
        return TurnAnswer(text=answer.text)
    return TurnAnswer(
        text=answer.text,
        first_s=answer.first_s,
        total_s=answer.total_s,
        output_tokens=answer.output_tokens,
        cost_usd=answer.cost_usd,
    )


def _live(entrant: Entrant, limits: Mapping[str, float]) -> LiveEntrant:
    """How an entrant of arena.toml is asked."""
    usual = AnswerLimits()
    chars = int(limits.get("characters", usual.chars))
    seconds = {name: value for name, value in limits.items() if name.endswith("_s")}
    return LiveEntrant(
        Endpoint(entrant.endpoint, entrant.model, entrant.key_env),
        replace(usual, chars=chars, **seconds),
        rates=Rates.per_mtok(entrant.prices) if entrant.prices else None,
        params={} if entrant.temperature is None else {"temperature": entrant.temperature},
        cap_tokens=entrant.max_tokens,
        system=entrant.system,
    )
