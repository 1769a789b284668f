"""`h2h serve-cost` and `h2h breakeven`: own machines, and whether they pay."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.prices.serving.settings import MachineSettings, RequestSettings
from headtohead.publish import command_line as line


@line.verb(
    name="serve-cost",
    example="h2h serve-cost DeepSeek-V3 --chip H800 --gpus 144 --context 5000",
)
@click.argument("model")
@line.settings_options(settings=MachineSettings, requests=RequestSettings)
@line.as_of_option
@line.store_option
@line.output_options()
def serve_cost(
    model: str,
    settings: MachineSettings,
    requests: RequestSettings,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Say how fast MODEL is on chips of your own, what fits, and what its tokens cost there."""
    from headtohead.prices.serving.verb import serve_cost

    result = serve_cost(
        model,
        as_of=line.day_of(as_of),
        settings=settings,
        requests=requests,
        store=open_store(store),
    )
    return line.deliver(result, output)
