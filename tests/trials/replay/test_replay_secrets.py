"""The key goes to the endpoint and nowhere else."""

import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered, call, http, streamed
from tests.trials.replay.running import RepeatedReplay

from headtohead.core.errors import InputError
from headtohead.trials.replay.client import Endpoint

KEY = "sk-live-0123456789abcdefghij"


def _echo(asked: Asked) -> Iterator[Piece]:
    """A server that repeats all it was sent, in every place it can."""
    sent = f"{asked.headers['authorization']} {asked.headers['x-tenant']}"
    said = b'{"error":{"message":"no: %s","code":"%s"}}' % (sent.encode(), sent.encode())
    if asked.key == "text":
        yield answered(sent, finish_reason="stop " + sent)
    elif asked.key == "stream":
        yield from streamed(sent[:15], sent[15:])
    elif asked.key == "cut":
        yield from streamed(sent)[:2]
    else:
        yield http(int(asked.key), said, f"X-Echo: {sent}")


@pytest.mark.parametrize("key", ["text", "stream", "cut", "400", "500", "401", "403", "404", "429"])
def test_a_key_is_in_no_file_log_repr_or_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("CANDIDATE_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    said = ""
    with Loopback(_echo) as server:
        endpoint = server.endpoint(key_env="CANDIDATE_KEY")
        run = RepeatedReplay(endpoint, tmp_path / "run.jsonl")
        try:
            said += repr(run([call(key)], attempts_n=2, patience_n=2)) + repr(run.answers)
        except InputError as error:
            said += "".join(traceback.format_exception(error))
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    said += repr(endpoint) + str(endpoint) + caplog.text
    said += "".join(f"{r.__dict__}" for r in caplog.records if r.name.startswith("headtohead"))
    said += "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert key in said
    for secret in (KEY, KEY[8:]):
        assert secret not in said


def test_an_endpoint_holds_the_name_of_the_key_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDIDATE_KEY", KEY)
    endpoint = Endpoint(base_url="https://host/v1/", model="m", key_env="CANDIDATE_KEY")
    assert KEY.encode() not in pickle.dumps(endpoint)
    assert endpoint.address == "https://host/v1"
    assert endpoint.headers() == {"Authorization": f"Bearer {KEY}"}
    assert endpoint.hide(f"it is {KEY}") == "it is [hidden]"
    monkeypatch.setenv("CANDIDATE_KEY", "none")
    assert endpoint.hide("none of these") == "none of these"


@pytest.mark.parametrize("value", ["", " \n", f"{KEY}\n{KEY}", "ключ"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CANDIDATE_KEY", value)
    endpoint = Endpoint(base_url="https://host/v1", model="m", key_env="CANDIDATE_KEY")
    with pytest.raises(InputError, match=r"CANDIDATE_KEY (is not set|holds)") as told:
        endpoint.headers()
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (f"https://user:{KEY}@host/v1", "holds a user, password"),
        (f"https://host/v1?key={KEY}", "holds a user, password"),
        ("host/v1", "is not the address"),
        ("ftp://host/v1", "is not the address"),
        ("http://[", "cannot be read"),
        ("http://api.example.com/v1", "is not encrypted"),
    ],
)
def test_an_address_that_would_show_a_key_is_refused(address: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as told:
        Endpoint(base_url=address, model="m", key_env="CANDIDATE_KEY")
    assert KEY not in str(told.value)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "10.1.2.3", "[::1]:8", "gpu.local"])
def test_a_key_may_go_unencrypted_to_a_near_host(host: str) -> None:
    Endpoint(base_url=f"http://{host}/v1", model="m", key_env="CANDIDATE_KEY")


def test_an_endpoint_without_model_or_time_is_refused() -> None:
    with pytest.raises(InputError, match="name of a model"):
        Endpoint(base_url="https://host/v1", model="")
    with pytest.raises(InputError, match="above 0 seconds"):
        Endpoint(base_url="https://host/v1", model="m", timeout_s=0.0)
