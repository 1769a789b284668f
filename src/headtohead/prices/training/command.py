"""`h2h training-cost`: what training a model cost."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.prices.training.settings import TrainingSettings
from headtohead.publish import command_line as line


@line.verb(
    name="training-cost", example="h2h training-cost DeepSeek-V3 Llama-3.1-405B --method amortised"
)
@click.argument("a", metavar="[MODEL]", required=False, default="")
@click.argument("b", metavar="[MODEL]", required=False, default="")
@line.settings_options(settings=TrainingSettings)
@line.as_of_option
@line.store_option
@line.output_options()
def training_cost(
    a: str,
    b: str,
    settings: TrainingSettings,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Estimate what training MODEL cost, by method and scope; of two, their ratio."""
    from headtohead.prices.training.verb import training_cost

    day = line.day_of(as_of)
    result = training_cost(a, b, as_of=day, settings=settings, store=open_store(store))
    return line.deliver(result, output)
