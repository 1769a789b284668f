"""LiteLLM's spend logs: rows of the table LiteLLM_SpendLogs of its proxy.

Layout: github.com/BerriAI/litellm, litellm/proxy/schema.prisma and
litellm/proxy/spend_tracking/spend_tracking_utils.py.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from headtohead.trials.calls import Call, Format, Meta, Reading, Usage
from headtohead.trials.reading.openai_answers import Body, Tokens, answer_of, usage_from, usage_of
from headtohead.trials.reading.openai_requests import Messages, messages_of, request_of
from headtohead.trials.reading.records import (
    add_mapped,
    check_mapping,
    field_names,
    records,
    wrong,
)
from headtohead.trials.reading.source import Head, Source

FORMAT = Format(
    name="litellm",
    about="LiteLLM proxy: LiteLLM_SpendLogs as JSON lines, JSON, CSV or Parquet",
    pairs_by="request_id, or what --map key=... names",
    holds=("requests", "tokens", "cost", "latency"),
)

_NAMES = frozenset(("request_id", "startTime", "model", "spend"))
_TEXT = frozenset(
    (
        "",
        "completion",
        "acompletion",
        "text_completion",
        "atext_completion",
        "responses",
        "aresponses",
        "anthropic_messages",
        "generate_content",
        "agenerate_content",
        "pass_through_endpoint",
    )
)
_CUT, _HIDDEN = b"litellm_truncated", b"redacted-by-litellm"


class _Metadata(msgspec.Struct, gc=False):
    usage_object: Tokens | None = None
    additional_usage_values: Tokens | None = None
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


def recognise(head: Head) -> bool:
    """Whether its first record is a row of LiteLLM_SpendLogs.

    Args:
        head: The beginning of the file.
    """
    return field_names(head) >= _NAMES


def read(source: Source) -> Reading:
    """One call for each request for text that the proxy logged.

    Messages are None unless the proxy was told to store prompts (`store_prompts_in_spend_logs`),
    and where it cut or hid them. Answers from the proxy's own cache carry the label `cache_hit`:
    they cost nothing, and the model did not run.

    Args:
        source: A file. Its mapping may name `key`, `score`, `reference` and `run` by a dotted path.

    Raises:
        InputError: If a record is not a row of that table, or lacks what the mapping names.
    """
    check_mapping(source)
    dropped: dict[str, int] = {}
    return Reading(meta=Meta(format=FORMAT.name), calls=_calls(source, dropped), dropped=dropped)


def _calls(source: Source, dropped: dict[str, int]) -> Iterator[Call]:
    path = source.path
    for where, line in records(path):
        try:
            row = _row(line)
            kind = row.call_type or ""
            if kind not in _TEXT:
                reason = f"not a request for text: {kind}"
                dropped[reason] = dropped.get(reason, 0) + 1
                continue
            call = _call(row, _CUT in line or _HIDDEN in line)
        except msgspec.DecodeError as error:
            raise wrong(
                path,
                where,
                f"not a row of LiteLLM_SpendLogs ({error}). Export the whole table, or name the "
                "columns with --format plain --map ...",
            ) from error
        except ValueError as error:
            raise wrong(path, where, f"startTime or endTime is no time ({error}).") from error
        call.where = where
        if source.mapping:
            add_mapped(call, msgspec.json.decode(line), source, where)
        yield call


def _call(row: _Row, partly: bool) -> Call:
    metadata = row.metadata
    if isinstance(metadata, str):
        metadata = _metadata(metadata) if metadata.startswith("{") else None
    messages, params, labels = _request(row, metadata)
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
    if partly:
        messages, text = _whole(messages, text, labels)
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


def _request(
    row: _Row, metadata: _Metadata | None
) -> tuple[Messages | None, dict[str, Any], dict[str, str]]:
    messages: Messages | None = None
    params: dict[str, Any] = {}
    given: Any = row.messages
    if given.__class__ is str and given[:1] in ("[", "{"):
        given = msgspec.json.decode(given)
    if given:
        messages = messages_of(given)
    # Newer proxies leave `messages` empty and keep the body of the request.
    sent = row.proxy_server_request
    if sent.__class__ is str and sent[:1] == "{":
        sent = msgspec.json.decode(sent)
    if sent and isinstance(sent, dict):
        from_body, params = request_of(sent)
        messages = messages or from_body
    return messages, params, _labels(row, metadata)


def _labels(row: _Row, metadata: _Metadata | None) -> dict[str, str]:
    labels = {}
    if row.model_group and row.model_group != row.model:
        labels["asked_for"] = row.model_group
    if row.custom_llm_provider:
        labels["provider"] = row.custom_llm_provider
    if row.session_id:
        labels["session"] = row.session_id
    if row.cache_hit in ("True", "true", True):
        labels["cache_hit"] = "true"
    tags = row.request_tags
    if tags.__class__ is str and tags[:1] == "[":
        tags = msgspec.json.decode(tags)
    if tags and isinstance(tags, list):
        _add_tags(labels, tags)
    if metadata is not None and metadata.spend_logs_metadata:
        for name, value in metadata.spend_logs_metadata.items():
            if isinstance(value, str | int | float):
                labels[name] = str(value)
    return labels


def _add_tags(labels: dict[str, str], tags: list[Any]) -> None:
    plain = []
    for tag in tags:
        name, colon, value = str(tag).partition(":")
        # The proxy itself adds which client asked.
        if name in ("User-Agent", "Credential"):
            continue
        if colon and value:
            labels[name.strip()] = value.strip()
        else:
            plain.append(str(tag))
    if plain:
        labels["tags"] = ",".join(sorted(plain))


def _usage(row: _Row, metadata: _Metadata | None) -> Usage | None:
    if metadata is not None:
        found = usage_of(metadata.usage_object)
        if found is not None and (found.input_tokens or found.output_tokens):
            return found
    if row.prompt_tokens is None and row.completion_tokens is None:
        return None
    into, out = row.prompt_tokens or 0, row.completion_tokens or 0
    more = metadata.additional_usage_values if metadata is not None else None
    if more is None:
        return Usage(input_tokens=into, output_tokens=out)
    more.prompt_tokens, more.completion_tokens = into, out
    return usage_of(more) or usage_from(into, 0, 0, out, 0)


def _latency(row: _Row) -> float | None:
    if row.request_duration_ms is not None:
        return row.request_duration_ms / 1000
    if not row.endTime:
        return None
    taken = datetime.fromisoformat(row.endTime) - datetime.fromisoformat(row.startTime)
    return taken.total_seconds()


def _whole(
    messages: Messages | None, text: str | None, labels: dict[str, str]
) -> tuple[Messages | None, str | None]:
    """Messages and answer, None where the proxy cut or hid a part of them."""
    encoded = msgspec.json.encode(messages)
    if _CUT in encoded or _HIDDEN in encoded:
        messages, labels["request"] = None, "cut or hidden by the proxy"
    if text is not None and (_CUT.decode() in text or _HIDDEN.decode() in text):
        text, labels["answer"] = None, "cut or hidden by the proxy"
    return messages, text
