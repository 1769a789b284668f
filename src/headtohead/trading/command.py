"""`h2h trade`: skill or luck in trading seasons and backtests."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line
from headtohead.trading.settings import JudgeSettings


@click.group(cls=line.CommandGroup, epilog="\b\nExample:\n  h2h trade judge backtest-result.zip")
def trade() -> None:
    """Judge trading seasons and backtests: skill or luck."""


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


trade.add_command(judge)
