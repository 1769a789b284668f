"""LiteLLM's spend logs: rows of the table LiteLLM_SpendLogs of its proxy.

Layout: github.com/BerriAI/litellm, litellm/proxy/schema.prisma and
litellm/proxy/spend_tracking/spend_tracking_utils.py.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from headtohead.files.formats import first_fields
from headtohead.files.opening import json_value, keys_once, wrong
from headtohead.files.records import records, unpacked
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, Usage
from headtohead.logs.openai import (
    Body,
    OpenAITokens,
    answer_of,
    messages_of,
    request_of,
    usage_from,
    usage_of,
)
from headtohead.logs.opening import add_mapped

FORMAT = RunFormat(
    name="litellm",
    about="LiteLLM proxy: LiteLLM_SpendLogs as JSON lines, JSON, CSV or Parquet",
    needs=(("request_id", "startTime", "model", "spend"),),
    holds=("requests", "tokens", "cost", "latency"),
    pairs="request id, or a field that is named",
    tried=("litellm 1.108.7",),
)

# Empty in the first versions, which logged nothing else.
_TEXT = frozenset(
    (
        *("", "completion", "acompletion", "text_completion", "atext_completion", "responses"),
        *("aresponses", "anthropic_messages", "generate_content", "agenerate_content"),
        "pass_through_endpoint",
    )
)
_CUT, _HIDDEN = b"litellm_truncated", b"redacted-by-litellm"


class _Metadata(msgspec.Struct, gc=False):
    usage_object: OpenAITokens | None = None
    additional_usage_values: OpenAITokens | None = None
    spend_logs_metadata: dict[str, Any] | None = None
    status: str | None = None


class _Row(msgspec.Struct, gc=False):
    request_id: str
    startTime: str
    model: str | None = None
    spend: float | None = None
    call_type: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    endTime: str | None = None
    request_duration_ms: float | None = None
    model_group: str | None = None
    custom_llm_provider: str | None = None
    cache_hit: str | bool | None = None
    request_tags: list[str] | str | dict[str, Any] | None = None
    metadata: _Metadata | str | None = None
    messages: list[dict[str, Any]] | dict[str, Any] | str | None = None
    response: Body | str | list[Any] | None = None
    proxy_server_request: dict[str, Any] | str | None = None
    session_id: str | None = None
    status: str | None = None


# Tables hold numbers as text; strict=False reads both.
_row = msgspec.json.Decoder(_Row, strict=False).decode
_metadata = msgspec.json.Decoder(_Metadata).decode
_body = msgspec.json.Decoder(Body | list[Any] | str).decode


def read(file: RunFile) -> CallStream:
    """One call for each request for text that the proxy logged.

    Messages are None unless the proxy was told to store prompts (`store_prompts_in_spend_logs`),
    and where it cut or hid them. Answers from the proxy's own cache carry the label `cache_hit`:
    they cost nothing, and the model did not run.

    Args:
        file: A file. Its mapping may name `key`, `score`, `reference` and `run` by a dotted path.

    Raises:
        InputError: If a record is not a row of that table, or lacks what the mapping names.
    """
    dropped = Counter[str]()
    meta = Meta(format=FORMAT.name, scores=tuple(sorted(first_fields(file.path))))
    return CallStream(meta=meta, calls=_calls(file, dropped), dropped=dropped)


def _calls(file: RunFile, dropped: Counter[str]) -> Iterator[Call]:
    path = file.path
    for where, line in records(path):
        try:
            row: _Row = json_value(line, _row)
            kind = row.call_type or ""
            if kind not in _TEXT:
                dropped[f"not a request for text: {kind}"] += 1
                continue
            call = _call(row, _CUT in line or _HIDDEN in line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise wrong(
                path,
                where,
                f"not a row of LiteLLM_SpendLogs ({error}). Export the whole table, or name the "
                "columns with `format='plain'` and `mapping`.",
            ) from error
        except ValueError as error:
            raise wrong(path, where, f"startTime or endTime is no time ({error}).") from error
        keys_once(path, where, line)
        call.where = where
        if file.mapping:
            add_mapped(call, json_value(line), file, where)
        yield call


def _call(row: _Row, partly: bool) -> Call:
    metadata = row.metadata
    if isinstance(metadata, str):
        metadata = _metadata(metadata) if metadata.startswith("{") else None
    messages = messages_of(unpacked(row.messages))
    params: dict[str, Any] = {}
    # Newer proxies leave `messages` empty and keep the body of the request.
    sent = unpacked(row.proxy_server_request)
    if sent and isinstance(sent, dict):
        from_body, params = request_of(sent)
        messages = messages or from_body
    labels = _labels(row, metadata)
    text, failure = None, ""
    body = row.response
    if isinstance(body, str) and body:
        body = _body(body) if body[0] in "{[" else body
    if isinstance(body, str) and body:
        text = body
    elif isinstance(body, Body):
        answer = answer_of(body)
        text, failure = answer.text, answer.failure
        if answer.finish:
            labels["finish"] = answer.finish
    if row.status == "failure" or (metadata is not None and metadata.status == "failure"):
        failure = "error"
    if partly and any(x in msgspec.json.encode(messages) for x in (_CUT, _HIDDEN)):
        messages, labels["request"] = None, "cut or hidden by the proxy"
    if partly and any(x.decode() in (text or "") for x in (_CUT, _HIDDEN)):
        text, labels["answer"] = None, "cut or hidden by the proxy"
    return Call(
        key=row.request_id,
        model=row.model or row.model_group or "",
        failure=failure,
        messages=messages,
        params=params,
        output=text,
        usage=_usage(row, metadata),
        cost_usd=row.spend,
        latency_s=_latency(row),
        started=row.startTime,
        labels=labels,
    )


def _tags(tags: list[Any]) -> dict[str, str]:
    """Tags that say `name: value`, and the others together."""
    named, plain = {}, []
    for tag in tags:
        name, _, value = str(tag).partition(":")
        if name in ("User-Agent", "Credential"):
            continue  # the proxy itself adds which client asked
        if value:
            named[name.strip()] = value.strip()
        else:
            plain.append(str(tag))
    return {**named, "tags": ",".join(sorted(plain))} if plain else named


def _labels(row: _Row, metadata: _Metadata | None) -> dict[str, str]:
    named = {
        "asked_for": "" if row.model_group == row.model else row.model_group,
        "provider": row.custom_llm_provider,
        "session": row.session_id,
        "cache_hit": "true" if row.cache_hit in ("True", "true", True) else "",
    }
    labels = {name: value for name, value in named.items() if value}
    tags = unpacked(row.request_tags)
    labels |= _tags(tags if isinstance(tags, list) else [])
    if metadata is not None and metadata.spend_logs_metadata:
        for name, value in metadata.spend_logs_metadata.items():
            if isinstance(value, str | int | float):
                labels[name] = str(value)
    return labels


def _latency(row: _Row) -> float | None:
    if row.request_duration_ms is not None:
        return row.request_duration_ms / 1000
    if not row.endTime:
        return None
    taken = datetime.fromisoformat(row.endTime) - datetime.fromisoformat(row.startTime)
    return taken.total_seconds()


def _usage(row: _Row, metadata: _Metadata | None) -> Usage | None:
    if metadata is not None:
        usage = usage_of(metadata.usage_object)
        if usage is not None and (usage.input_tokens or usage.output_tokens):
            return usage
    if row.prompt_tokens is None and row.completion_tokens is None:
        return None
    into, out = row.prompt_tokens or 0, row.completion_tokens or 0
    more = metadata.additional_usage_values if metadata is not None else None
    if more is None:
        return Usage(input_tokens=into, output_tokens=out)
    more.prompt_tokens, more.completion_tokens = into, out
    return usage_of(more) or usage_from(into, 0, 0, out, 0)
