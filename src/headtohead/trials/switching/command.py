"""`h2h switch`: replay logged traffic on a candidate, and stop as soon as it is decided."""

from dataclasses import replace
from pathlib import Path

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    as_of_option,
    day_of,
    json_option,
    settings_options,
    typed,
    verb,
)
from headtohead.publish.options import FILES, deliver, writable
from headtohead.trials.switching.settings import Endpoints, Pace, Scoring, Traffic

_EXAMPLE = (
    "h2h switch log.jsonl --from gpt-5 --to deepseek-chat --base-url https://api.deepseek.com/v1 "
    "--scorer exact --max-usd 1"
)


@verb(example=_EXAMPLE)
@click.argument("logs", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "from_model",
    required=True,
    metavar="MODEL",
    help="The model to replace, as the log spells it.",
)
@click.option("--to", required=True, metavar="MODEL", help="The candidate.")
@settings_options(scoring=Scoring, endpoints=Endpoints, traffic=Traffic, pace=Pace)
@as_of_option
@FILES[0]
@FILES[1]
@FILES[2]
@store_option
@json_option
def switch(
    logs: Path,
    from_model: str,
    to: str,
    scoring: Scoring,
    endpoints: Endpoints,
    traffic: Traffic,
    pace: Pace,
    as_of: str | None,
    page: Path | None,
    markdown: Path | None,
    junit: Path | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Replay LOGS on another model: SWITCH, DON'T, or NEED n MORE, with money and risk."""
    from headtohead.publish.progress import answers
    from headtohead.trials.switching import verb

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    day = day_of(as_of)
    with answers(traffic.items) as on_progress:
        made = verb.switch(
            logs,
            from_model=from_model,
            to=to,
            scoring=scoring,
            endpoints=endpoints,
            traffic=traffic,
            pace=pace,
            as_of=day,
            store=open_store(store),
            on_progress=on_progress,
        )
    again = replace(made, sheet=replace(made.sheet, command=typed(day)))
    return deliver(again, as_json=as_json, page=page, markdown=markdown, junit=junit)
