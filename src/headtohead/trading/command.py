"""`h2h trade`: skill or luck in trading seasons, backtests and runs of one's own agents."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line
from headtohead.trading.running.settings import Asking, RunSettings
from headtohead.trading.settings import JudgeSettings


@click.group(cls=line.CommandGroup, epilog="\b\nExample:\n  h2h trade judge backtest-result.zip")
def trade() -> None:
    """Judge trading seasons and backtests, and run agents of your own: skill or luck."""


@line.verb("h2h trade judge backtest-result.zip --candles data --tried 40", name="judge")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@line.settings_options(settings=JudgeSettings)
@line.store_option
@line.output_options()
def judge(
    files: tuple[str, ...], settings: JudgeSettings, store: Path | None, output: line.Output
) -> int:
    """Judge trades and account values: did anyone do better than luck explains?

    FILES are of nof1's Alpha Arena, results of freqtrade backtests, or plain tables.
    """
    from headtohead.trading.verb import trade_judge

    with line.steps("Judging") as progress:
        result = trade_judge(*files, settings=settings, store=open_store(store), progress=progress)
    return line.deliver(result.asked_with(line.typed()), output)


@line.verb(
    "h2h trade run --function my_agents.py:follow --candles data --windows 12 --every 4h",
    name="run",
)
@line.settings_options(settings=RunSettings, asking=Asking)
@click.option("--as-of", metavar="DAY", help="The day of list prices. Default: today.")
@line.store_option
@line.output_options()
def run(
    settings: RunSettings,
    asking: Asking,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Let agents trade recorded candles in many windows, beside baselines and random agents.

    An agent is a model or a Python function. It sees closed candles and its own account. A run that
    was stopped goes on where it was.
    """
    from headtohead.trading.running.verb import trade_run

    with line.answers("Deciding") as tell:
        result = trade_run(
            settings=settings,
            asking=asking,
            as_of=line.day_of(as_of),
            store=open_store(store),
            on_progress=lambda p: tell(p.decided_n, p.of_n, p.spent_usd, p.ceiling_usd, p.waiting),
        )
    return line.deliver(result, output)


trade.add_command(judge)
trade.add_command(run)
