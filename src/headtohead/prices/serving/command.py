"""`h2h serve-cost` and `h2h breakeven`: own machines, and whether they pay."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.prices.serving.settings import DemandSettings, MachineSettings, RequestSettings
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


@line.verb(
    example="h2h breakeven --requests 100000 --input-tokens 3000 --output-tokens 500 "
    "--model DeepSeek-V3 --chip H800 --gpus 16"
)
@click.argument("log", required=False, metavar="[LOG]", type=click.Path(path_type=Path))
@line.settings_options(settings=MachineSettings, demand=DemandSettings)
@line.as_of_option
@line.store_option
@line.output_options()
def breakeven(
    log: Path | None,
    settings: MachineSettings,
    demand: DemandSettings,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Say whether own machines or an API cost less for a load, and from which load on."""
    from headtohead.prices.serving.verb import breakeven

    result = breakeven(
        log, as_of=line.day_of(as_of), settings=settings, demand=demand, store=open_store(store)
    )
    return line.deliver(result, output)
