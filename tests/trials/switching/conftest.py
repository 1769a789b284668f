"""Logs that tiny models really answered, and a way to candidates that counts who is asked."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
from pytest_httpserver import HTTPServer
from tests.models.conftest_parts import TinyModels, write_request_log
from tests.trials.switching.parts import LEVEL, CountedCandidate, made_by
from werkzeug import Request, Response

from headtohead.trials.switching.result import Switch


@pytest.fixture(scope="session")
def log_a(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """202 requests that tiny-a answered, every fact twice."""
    path = tmp_path_factory.mktemp("log-a") / "log.jsonl"
    return write_request_log(path, tiny_models, requests_n=202, rng=np.random.default_rng(3))


@pytest.fixture(scope="session")
def log_b(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """202 requests that tiny-b answered, every fact twice."""
    path = tmp_path_factory.mktemp("log-b") / "log.jsonl"
    rng = np.random.default_rng(4)
    return write_request_log(path, tiny_models, side="b", requests_n=202, rng=rng)


@pytest.fixture(scope="session")
def whole(
    tiny_models: TinyModels, log_a: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Switch, Path]:
    """tiny-b on the whole log of tiny-a, at a level that it decides, and its ledger."""
    ledger = tmp_path_factory.mktemp("whole") / "log-tiny-b.ledger.jsonl"
    made = made_by(log_a, tiny_models.base_url_b, stop=False, level=LEVEL, ledger=str(ledger))
    return made, ledger


@pytest.fixture
def bought(whole: tuple[Switch, Path], tmp_path: Path) -> Path:
    """A ledger of one's own that holds all of tiny-b's answers, so that none is asked for."""
    return Path(shutil.copy(whole[1], tmp_path / "bought.jsonl"))


@pytest.fixture
def counted(tiny_models: TinyModels) -> Iterator[CountedCandidate]:
    """tiny-b behind a proxy that notes every prompt before it is answered."""
    server = HTTPServer(host="127.0.0.1", port=0, threaded=True)
    server.start()
    found = CountedCandidate(server.url_for("/v1"))

    with httpx2.Client(trust_env=False, verify=False, timeout=30) as client:

        def forward(request: Request) -> Response:
            body = request.get_data()
            found.prompts.append(str(json.loads(body)["messages"][-1]["content"]))
            found.headers.append(dict(request.headers))
            time.sleep(found.wait_s)
            reply = client.post(
                f"{tiny_models.base_url_b}/chat/completions",
                content=body,
                headers={"Content-Type": "application/json", "Connection": "close"},
            )
            kind = reply.headers["Content-Type"]
            return Response(reply.content, reply.status_code, content_type=kind)

        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(forward)
        yield found
        server.clear()
        server.stop()
