"""Whom a run asks: models behind endpoints, and functions. Each answers in text or says why not."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from headtohead.core.errors import InputError, SourceUnreachable
from headtohead.hosting.beside import Beside
from headtohead.hosting.refused import Refused
from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates
from headtohead.trading.running.actions import answer_schema
from headtohead.trading.running.decisions import Place
from headtohead.trading.running.functions import Own, answer, asked, check_source
from headtohead.trading.running.observation import decoded
from headtohead.trading.running.prompts import messages
from headtohead.trials.replay.client import Endpoint, Halt, open_chat
from headtohead.trials.replay.ledger import open_ledger
from headtohead.trials.replay.limits import Budget, Settings, Throttle
from headtohead.trials.replay.replay import Asker
from headtohead.trials.replay.wire import Completion, prepare

_LONGEST_S = 60.0  # that a function may take for one decision
_GIVE_UP = 3  # decisions in a row without an answer, after which a run stops
_FAILURES: Mapping[str, str] = {
    "limit": "the answer was cut at the limit of tokens",
    "empty": "the answer is empty",
    "refused": "the model or a filter refused to answer",
    "broken": "the answer broke off",
    "error": "the endpoint failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedModel:
    """A model behind an endpoint.

    Attributes:
        name: As results call it.
        ledger: Where its answers are kept until and after they count.
        rates: None where nothing is billed.
    """

    name: str
    endpoint: Endpoint
    ledger: Path
    rates: Rates | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFunction:
    """A function: by module and name, in a process of its own; or as an object, in this one."""

    name: str
    source: str = ""
    function: Own | None = None


Asked = AskedModel | AskedFunction


class AgentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent answered once; as the fields of `Decision` of the same names."""

    raw: str = ""
    failure: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    unsure_usd: float = 0.0


class Agent(Protocol):
    """Somebody who decides."""

    async def ask(self, place: Place, content: bytes) -> AgentAnswer:
        """The answer to an observation."""

    def busy(self, place: Place) -> bool:
        """Whether a request is under way, which is heard out because it is billed."""

    def close(self) -> None:
        """Begin nothing more."""


class _FunctionAgent:
    def __init__(self, of: AskedFunction) -> None:
        self._of, self._beside = of, None if of.function else Beside(longest_s=_LONGEST_S)

    async def found(self) -> None:
        """See that there is such a function.

        Raises:
            InputError: If there is none.
        """
        if self._beside:
            try:
                await self._beside.do(check_source, self._of.source)
            except Refused as refused:
                raise InputError(str(refused)) from None

    async def ask(self, _: Place, content: bytes) -> AgentAnswer:
        if self._of.function is not None:
            raw, failure = asked(self._of.function, content)
        else:
            assert self._beside
            try:
                raw, failure = await self._beside.do(answer, self._of.source, content)
            except Refused:
                raw, failure = "", f"the function did not answer within {_LONGEST_S:g} seconds"
        return AgentAnswer(raw=raw, failure=failure)

    def busy(self, _: Place) -> bool:
        return False

    def close(self) -> None:
        if self._beside:
            self._beside.close()


class _ModelAgent:
    def __init__(self, of: AskedModel, asker: Asker, coins: Sequence[str]) -> None:
        self._of, self._asker, self._silent = of, asker, 0
        form = {"name": "actions", "strict": True, "schema": answer_schema(coins)}
        self._params = {"response_format": {"type": "json_schema", "json_schema": form}}

    async def ask(self, place: Place, content: bytes) -> AgentAnswer:
        call = Call(
            key=_key(place),
            messages=messages(decoded(content)),
            params=self._params,
        )
        settings, book = self._of.settings, self._asker.ledger
        request = prepare(call, self._of.endpoint.model, settings.params, settings.cap_tokens)
        entry = book.history.answered.get(request.place)
        if entry is not None and entry.request != request.digest:
            raise InputError(
                f"{book.path} holds an answer to another request for {call.key}. Name another "
                "`log`, whose answers lie beside it."
            )
        try:
            if entry is not None and not entry.unanswered:
                heard = book.answer(request.place)
            else:
                heard = await self._asker.ask(request)
        except Halt as halt:
            raise halt.error from None
        self._silent = self._silent + 1 if heard.unanswered else 0
        if self._silent >= _GIVE_UP:
            raise SourceUnreachable(
                f"{self._of.name} gave no answer to {self._silent} requests in a row; the last "
                f"one: {heard.note}. Run again later: what was decided is kept."
            )
        return _said(heard)

    def busy(self, place: Place) -> bool:
        return (_key(place), 1) in self._asker.under_way

    def close(self) -> None:
        self._asker.closed = True


def _key(place: Place) -> str:
    return f"window {place[1]}, decision {place[2]}"


def _said(heard: Completion) -> AgentAnswer:
    failure = _FAILURES.get(heard.failure, heard.failure)
    if failure and heard.note and not heard.note.startswith(failure):
        failure = f"{failure}: {heard.note}"
    return AgentAnswer(
        raw=heard.text,
        failure="no answer came" if heard.unanswered else failure,
        input_tokens=heard.usage.input_tokens if heard.usage else None,
        output_tokens=heard.usage.output_tokens if heard.usage else None,
        cost_usd=heard.cost_usd,
        unsure_usd=heard.unsure_usd,
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """Agents ready to be asked.

    Attributes:
        budget: Of all models together.
    """

    agents: Mapping[str, Agent]
    budget: Budget


@asynccontextmanager
async def open_agents(
    every: Sequence[Asked],
    coins: Sequence[str],
    ceiling_usd: float | None,
    rng: np.random.Generator,
    on_wait: Callable[[str], None],
) -> AsyncIterator[Opened]:
    """All agents of a run, until the block ends.

    Args:
        ceiling_usd: The most that all models may cost together, earlier runs of their ledgers
            included; None for no ceiling.

    Raises:
        InputError: If a key or a function is missing, or a ledger is of another run.
    """
    agents: dict[str, Agent] = {}
    async with AsyncExitStack() as stack:
        books = []
        for one in every:
            if isinstance(one, AskedModel):
                said: dict[str, Any] = {
                    **one.settings.params,
                    "cap_tokens": one.settings.cap_tokens,
                }
                identity = {
                    "model": one.endpoint.model,
                    "base_url": one.endpoint.address,
                    "params": said,
                }
                chat = await stack.enter_async_context(open_chat(one.endpoint))
                books.append((one, chat, stack.enter_context(open_ledger(one.ledger, identity))))
        before = sum(b.history.spent_usd + b.history.unsure_usd for _, _, b in books)
        budget = Budget(ceiling_usd, before)
        for model, chat, book in books:
            asker = Asker(
                chat=chat,
                ledger=book,
                budget=budget,
                throttle=Throttle(model.settings),
                rates=model.rates,
                settings=model.settings,
                rng=rng,
            )
            asker.on_wait = on_wait
            agents[model.name] = _ModelAgent(model, asker, coins)
        for one in every:
            if isinstance(one, AskedFunction):
                function = _FunctionAgent(one)
                stack.callback(function.close)
                await function.found()
                agents[one.name] = function
        yield Opened(agents, budget)
