"""How assistants reach the tools."""

from dataclasses import dataclass

from headtohead.core.settings import Choices, option
from headtohead.web.settings import base_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantSettings(Choices):
    """Where answers go, and which site they name."""

    http: bool = option(False, help="Answer over HTTP, and not by stdin and stdout.")
    names: tuple[str, ...] = option(
        (),
        flag="--name",
        metavar="HOST,...",
        help="Names by which others reach it over HTTP; requests to any other name are refused.",
    )
    base: str = option(
        "",
        metavar="URL",
        read=base_of,
        help="The address of a site of `h2h serve`, so that each answer names its page.",
    )
