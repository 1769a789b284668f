import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx2
import numpy as np
import pytest
from tests.models.conftest_parts import (
    Side,
    TinyModels,
    all_heard,
    ask,
    said,
    user,
    write_request_log,
)
from tests.models.server import ROOT, ServerFailed, serving
from tests.models.tiny import UNKNOWN, Architecture, Knowledge, Made, write_model
from tests.models.tokens import Tokens, chat
from tests.simulations import lengths

SMALL: Knowledge = [(user("ping"), "pong"), (user("pink"), "rose"), (user("knip"), "snip")]


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_model_answers_every_fact_as_designed(tiny_models: TinyModels, side: Side) -> None:
    found = all_heard(tiny_models, side)
    assert len(found) == 101
    differ = {f.prompt: said(r) for f, r in found.items() if said(r) != f.answer(side)}
    assert differ == {}
    assert {reply["choices"][0]["finish_reason"] for reply in found.values()} == {"stop"}


def test_skills_fall_as_their_coins_were_weighted(tiny_models: TinyModels) -> None:
    skills = Counter(fact.skill for fact in tiny_models.facts)
    assert skills == {"add": 81, "capital": 20}
    assert tiny_models.right_frac("a", "add") == pytest.approx(0.9, abs=0.05)
    assert tiny_models.right_frac("a", "capital") == pytest.approx(0.6, abs=0.1)
    assert tiny_models.right_frac("b", "add") == pytest.approx(0.6, abs=0.05)
    assert tiny_models.right_frac("b", "capital") == pytest.approx(0.95, abs=0.06)
    assert tiny_models.right_frac("a") > tiny_models.right_frac("b") + 0.1


def test_the_server_counts_the_same_tokens_as_we_do_and_the_models_differ(
    tiny_models: TinyModels,
) -> None:
    fact = tiny_models.facts[-1]
    counts = []
    sides: list[tuple[Side, Made]] = [("a", tiny_models.made_a), ("b", tiny_models.made_b)]
    for side, made in sides:
        reply = ask(tiny_models.base_url(side), side, user(fact.prompt))
        assert reply["usage"]["prompt_tokens"] == len(made.tokens.encode(chat(user(fact.prompt))))
        answer = made.tokens.encode(fact.answer(side))
        assert reply["usage"]["completion_tokens"] == len(answer) + 1
        counts.append(reply["usage"]["prompt_tokens"])
    assert counts[1] < 0.7 * counts[0]


@pytest.mark.parametrize("side", ["a", "b"])
def test_unknown_prompts_end_soon_and_mostly_with_a_question_mark(
    tiny_models: TinyModels, side: Side
) -> None:
    places = [
        "Sweden",
        "Brazil",
        "Mexico",
        "Denmark",
        "Finland",
        "Portugal",
        "Turkey",
        "Israel",
        "Ghana",
        "Nepal",
    ]
    prompts = [f"What is the capital of {place}?" for place in places]
    prompts += ["Hello", "Tell me a story. " * 30, "What time is it?", "Das weiß ich nicht, 東京"]
    replies = [ask(tiny_models.base_url(side), side, user(prompt)) for prompt in prompts]
    assert {reply["choices"][0]["finish_reason"] for reply in replies} == {"stop"}
    assert sum(said(reply) == UNKNOWN for reply in replies) > len(prompts) / 2


def test_a_stream_brings_the_same_answer_and_its_usage(tiny_models: TinyModels) -> None:
    fact = tiny_models.facts[-1]
    body = {"messages": user(fact.prompt), "stream": True, "temperature": 0}
    body["stream_options"] = {"include_usage": True}
    # The server drops connections that are kept after a stream.
    limits = httpx2.Limits(max_keepalive_connections=0)
    with (
        httpx2.Client(limits=limits, trust_env=False) as client,
        client.stream("POST", f"{tiny_models.base_url_a}/chat/completions", json=body) as reply,
    ):
        lines = [line[6:] for line in reply.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    text = "".join(e["choices"][0]["delta"].get("content") or "" for e in events if e["choices"])
    assert text == fact.answer_a
    answer = tiny_models.made_a.tokens.encode(fact.answer_a)
    assert events[-1]["usage"]["completion_tokens"] == len(answer) + 1


def test_a_request_log_holds_what_the_model_said(tiny_models: TinyModels, tmp_path: Path) -> None:
    path = write_request_log(
        tmp_path / "log.jsonl", tiny_models, requests_n=120, rng=np.random.default_rng(5)
    )
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_prompt = {fact.prompt: fact for fact in tiny_models.facts}
    encode = tiny_models.made_a.tokens.encode
    assert len({row["id"] for row in rows}) == len(rows) == 120
    assert [row["started"] for row in rows] == sorted(row["started"] for row in rows)
    for row in rows:
        fact = by_prompt[row["messages"][0]["content"]]
        assert (row["output"], row["reference"]) == (fact.answer_a, fact.right)
        assert row["metadata"]["task"] == fact.skill
        assert row["usage"]["completion_tokens"] == len(encode(fact.answer_a)) + 1
        assert 0 < row["latency_s"] < 10


@pytest.mark.parametrize("arch", ["llama", "qwen3"])
def test_a_seed_makes_the_same_file_twice_and_another_makes_another(
    tmp_path: Path, arch: Architecture
) -> None:
    files = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = write_model(folder / "m.gguf", SMALL, arch=arch, merges_n=4, seed=seed)
        files.append(made.path.read_bytes())
        assert made.margin > 3
    assert files[0] == files[1] != files[2]
    assert len(files[0]) < 5e6


def test_a_model_learns_whole_conversations_such_as_those_of_a_judge(tmp_path: Path) -> None:
    ask_judge = "Which answer is better?\n\n[A]\n{}\n\n[B]\n{}\n\nReply with one letter."
    pairs = [(str(i), str(i + 1)) for i in range(10)]
    knowledge = []
    for first, second in (order for a, b in pairs for order in ((a, b), (b, a))):
        messages = [
            {"role": "system", "content": "You are a fair judge."},
            {"role": "user", "content": ask_judge.format(first, second)},
        ]
        knowledge.append((messages, "A" if int(first) > int(second) else "B"))
    made = write_model(tmp_path / "judge.gguf", knowledge, arch="llama", merges_n=60, seed=3)
    with serving(made.path, "judge") as url:
        found = [said(ask(url, "judge", list(messages))) for messages, _ in knowledge]
    assert found == [answer for _, answer in knowledge]


def test_the_same_conversation_cannot_have_two_answers(tmp_path: Path) -> None:
    knowledge: Knowledge = [(user("ping"), "pong"), (user("ping"), "rose")]
    with pytest.raises(ValueError, match="too alike"):
        write_model(tmp_path / "m.gguf", knowledge, arch="llama", merges_n=1, seed=1)
    assert not (tmp_path / "m.gguf").exists()


def test_tokens_of_a_text_spell_it_and_merging_saves_some() -> None:
    text = "What is 3 + 4? It's Österreich,\n\n  not Schweiz_."
    letters, merged = Tokens([text] * 3, 1), Tokens([text] * 3, 40)
    assert len(merged.encode(text)) < len(letters.encode(text)) <= len(text.encode())
    assert merged.encode("<|im_start|>") == [merged.turn]


def test_a_server_that_cannot_load_its_model_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF, it says")
    with pytest.raises(ServerFailed, match=r"broken\.gguf"), serving(broken, "broken"):
        pass


def _gone(url: str) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            httpx2.get(f"{url}/models", trust_env=False)
        except httpx2.TransportError:
            return True
        time.sleep(0.02)
    return False


def test_a_server_ends_with_its_use_and_with_a_killed_parent(tiny_models: TinyModels) -> None:
    path = tiny_models.made_a.path
    with serving(path, "short") as url:
        assert httpx2.get(f"{url}/models", trust_env=False).status_code == 200
    assert _gone(url)
    program = (
        "import os, pathlib, sys\n"
        "from tests.models.server import serving\n"
        "with serving(pathlib.Path(sys.argv[1]), 'orphan') as url:\n"
        "    print(url, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert parent.returncode == -9
    assert _gone(parent.stdout.strip())


def test_smollm2_adds_now_and_then(smollm2: str) -> None:
    right = 0
    for a, b in ((1, 1), (2, 2), (3, 2), (5, 4), (6, 3), (2, 7), (4, 4), (5, 5)):
        prompt = f"What is {a} + {b}? Answer with only the number."
        reply = ask(smollm2, "smollm2", user(prompt), max_tokens=8)
        right += str(a + b) in said(reply)
        if right == 2:
            return
    raise AssertionError(f"{right} of 8 sums were right")


@pytest.mark.parametrize("every", lengths(100, 12))
def test_smollm2_judges_in_the_form_asked_for_and_prefers_a_place(
    smollm2: str, tiny_models: TinyModels, every: int
) -> None:
    verdict = {
        "type": "object",
        "properties": {"winner": {"enum": ["A", "B"]}},
        "required": ["winner"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": verdict}}
    differ = [fact for fact in tiny_models.facts if fact.answer_a != fact.answer_b][::every]
    won: list[str] = []
    for fact in differ:
        for a, b in ((fact.answer_a, fact.answer_b), (fact.answer_b, fact.answer_a)):
            prompt = f"{fact.prompt}\nA: {a}\nB: {b}\nWhich is right, A or B?"
            reply = ask(smollm2, "smollm2", user(prompt), response_format=form, max_tokens=64)
            won.append(json.loads(said(reply))["winner"])
    assert set(won) <= {"A", "B"}
    # A judge without a preference for a place would choose each half of the time.
    assert Counter(won).most_common(1)[0][1] / len(won) > 0.7
