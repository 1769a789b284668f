"""`h2h names`."""

import click

from headtohead.publish.command_line import Output, deliver, output_options, today, verb


@verb(example="h2h names deepseek-chat --on 2025-12-15")
@click.argument("name")
@click.option("--on", metavar="DAY", help="The day it was used on; moving aliases depend on it.")
@click.option("--provider", help="Who uses the name, where it alone does not say.")
@output_options()
def names(name: str, on: str | None, provider: str | None, output: Output) -> int:
    """Explain which model, lab, mode and channel NAME means, and by which rule."""
    from headtohead.names.verb import explain_name

    return deliver(explain_name(name, on=on, provider=provider).asked(on, today()), output)
