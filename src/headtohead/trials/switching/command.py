"""`h2h switch`: replay logged traffic on a candidate, and stop as soon as it is decided."""

import json
from pathlib import Path
from typing import Any

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    day_of,
    json_option,
)
from headtohead.publish.options import FILES, deliver, pairs, words, writable

_OPENAI = "https://api.openai.com/v1"


def _files(command: Any) -> Any:  # noqa: ANN401 - click's decorators have no better type
    for option in reversed(FILES):
        command = option(command)
    return command


@click.command()
@click.argument("logs", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "from_model",
    required=True,
    metavar="MODEL",
    help="The model to replace, as the log spells it.",
)
@click.option("--to", "to_model", required=True, metavar="MODEL", help="The candidate.")
@click.option(
    "--margin",
    default="5pp",
    show_default=True,
    metavar="MARGIN",
    help="How much worse it may be; for preferences, in net preference.",
)
@click.option(
    "--scorer",
    metavar="SCORER",
    help="exact, regex:PATTERN, json-schema:FILE or python:FILE.py:function.",
)
@click.option(
    "--judge",
    "judge_model",
    metavar="MODEL",
    help="A model that compares both answers, in both orders.",
)
@click.option(
    "--human", is_flag=True, help="Write a ballot for a blind vote; with --judge, of a random part."
)
@click.option(
    "--base-url",
    default=_OPENAI,
    show_default=True,
    metavar="URL",
    help="The candidate's OpenAI-compatible endpoint.",
)
@click.option(
    "--key-env",
    metavar="NAME",
    help="Environment variable that holds its key. Default: the operator's usual one.",
)
@click.option("--judge-url", metavar="URL", help="The judge's endpoint. Default: --base-url.")
@click.option("--judge-key-env", metavar="NAME", help="Variable that holds the judge's key.")
@click.option(
    "--rubric",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What makes an answer better, for the judge.",
)
@click.option(
    "--ballot",
    type=click.Path(path_type=Path),
    default=Path("ballot.html"),
    show_default=True,
    metavar="FILE",
    help="The ballot to write, or that was voted on.",
)
@click.option(
    "--ballot-items",
    type=click.IntRange(min=2),
    default=100,
    show_default=True,
    help="Most pairs on the ballot.",
)
@click.option(
    "--votes",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Votes saved from the ballot; once for each file.",
)
@click.option(
    "--items",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Most requests to replay.",
)
@click.option(
    "--by",
    callback=words,
    metavar="LABEL,...",
    help="Labels that tell the class of a request. Default: clusters by words.",
)
@click.option("--no-stop", is_flag=True, help="Replay all items, decided or not.")
@click.option(
    "--max-usd", type=float, metavar="USD", help="Stop before the candidate's answers cost more."
)
@click.option("--judge-max-usd", type=float, metavar="USD", help="The same for the judge.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Requests under way at once.",
)
@click.option("--rpm", type=float, metavar="N", help="Requests a minute that the endpoint allows.")
@click.option("--tpm", type=float, metavar="N", help="Tokens a minute that it allows.")
@click.option(
    "--cap-tokens",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="Longest answer where the log names none.",
)
@click.option(
    "--timeout",
    type=float,
    default=120.0,
    show_default=True,
    help="Seconds to wait for the first byte.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="A parameter that replaces the logged one; null takes it away.",
)
@click.option(
    "--judge-param",
    "judge_params",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="The same for the judge; response_format=null for one that knows no JSON schema.",
)
@click.option(
    "--price-from",
    default="",
    metavar="IN,OUT[,CACHED]",
    help="$ per million tokens of the model to replace. Default: its list price.",
)
@click.option("--price-to", default="", metavar="IN,OUT[,CACHED]", help="The same of --to.")
@click.option("--price-judge", default="", metavar="IN,OUT[,CACHED]", help="The same of --judge.")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where answers are kept. Default: LOGS-MODEL.ledger.jsonl in this folder.",
)
@click.option("--format", "layout", default="auto", metavar="FORMAT", help="Of the log.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=pairs,
    metavar="FIELD=COLUMN",
    help="Where a field is: key, model, messages, output, reference, labels, ...",
)
@click.option(
    "--level",
    type=float,
    default=0.95,
    show_default=True,
    help="Coverage; a SWITCH is wrong at most half as often as it misses.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option("--as-of", metavar="DAY", help="The day of the prices. Default: today.")
@_files
@store_option
@json_option
def switch(
    logs: Path, to_model: str, judge_model: str | None, base_url: str, key_env: str | None,
    judge_url: str | None, judge_key_env: str | None, no_stop: bool, max_usd: float | None,
    judge_max_usd: float | None, concurrency: int, rpm: float | None, tpm: float | None,
    cap_tokens: int, timeout: float, params: dict[str, str], judge_params: dict[str, str],
    price_to: str, price_judge: str,
    layout: str, as_of: str | None, store: Path | None, as_json: bool, page: Path | None,
    markdown: Path | None, junit: Path | None,
    **choices: Any,  # noqa: ANN401 - handed on by name to the verb, which has types
) -> int:  # fmt: skip
    """Replay LOGS on another model: SWITCH, DON'T, or NEED n MORE, with money and risk."""
    from headtohead.publish.progress import answers
    from headtohead.trials.switching import verb
    from headtohead.trials.switching.candidates import Pace, Who

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    judge = None
    if judge_model:
        judge = Who(model=judge_model, base_url=judge_url or base_url, price=price_judge,
                    key_env=judge_key_env if judge_url else judge_key_env or key_env)  # fmt: skip
    with answers(choices["items"]) as on_progress:
        made = verb.switch(
            logs,
            to=Who(model=to_model, base_url=base_url, key_env=key_env, price=price_to),
            judge=judge,
            stop=not no_stop,
            pace=Pace(
                concurrency=concurrency,
                requests_per_minute=rpm,
                tokens_per_minute=tpm,
                max_usd=max_usd,
                judge_max_usd=judge_max_usd,
                cap_tokens=cap_tokens,
                timeout_seconds=timeout,
                params={name: _value(text) for name, text in params.items()},
                judge_params={name: _value(text) for name, text in judge_params.items()},
            ),
            format=layout,
            as_of=day_of(as_of),
            store=open_store(store),
            on_progress=on_progress,
            **choices,
        )
    return deliver(made, as_json=as_json, page=page, markdown=markdown, junit=junit)


def _value(text: str) -> object:
    """A parameter as JSON, or the text itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text
