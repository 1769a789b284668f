"""`h2h switch`: replay logged traffic on a candidate, and stop as soon as it is decided."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from headtohead.core.errors import InputError
from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line
from headtohead.trials.switching.settings import Endpoints, Pace, Scoring, Traffic

_EXAMPLE = (
    "h2h switch log.jsonl --from gpt-5 --to deepseek-chat --base-url https://api.deepseek.com/v1 "
    "--scorer exact --max-usd 1"
)


@line.verb(example=_EXAMPLE)
@click.argument("logs", type=click.Path(path_type=Path))
@click.argument("arena", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "from_model",
    required=True,
    metavar="MODEL",
    help="The model to replace, as the log spells it.",
)
@click.option("--to", required=True, metavar="MODEL", help="The candidate.")
@line.settings_options(scoring=Scoring, endpoints=Endpoints, traffic=Traffic, pace=Pace)
@click.option("--as-of", metavar="DAY", help="The day of the list prices. Default: today.")
@line.store_option
@line.output_options("junit")
def switch(
    logs: Path,
    arena: Path | None,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
    **choices: Any,  # noqa: ANN401 - the models, and a settings object each
) -> int:
    """Replay LOGS on another model: SWITCH, DON'T, or NEED n MORE, with money and risk.

    With --human, ARENA is the file of an arena in which people voted, as with --votes.
    """
    from headtohead.trials.switching.verb import switch

    if arena is not None:
        scoring: Scoring = choices["scoring"]
        if not scoring.human:
            raise InputError(f"{arena}: one file or folder of logs is read; votes go with `human`.")
        choices["scoring"] = replace(scoring, votes=(*scoring.votes, arena))
    with line.answers() as tell:
        result = switch(
            logs,
            as_of=line.day_of(as_of),
            store=open_store(store),
            on_progress=lambda p: tell(
                p.answered_n, p.most_n, p.spent_usd, p.ceiling_usd, p.waiting
            ),
            **choices,
        )
    return line.deliver(result, output)
