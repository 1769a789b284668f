"""What came of one request."""

from typing import Any

import msgspec

from headtohead.trials.calls import Usage

Place = tuple[str, int]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's answer to one logged request, or why there is none.

    Attributes:
        key: Of the request.
        epoch: Of the request.
        text: The text answered, whole or in part.
        tool_calls: Calls of tools, as `{"id", "name", "arguments"}` with arguments as sent.
        failure: Empty if the answer can be scored; else "limit" (cut by a token limit, or the
            request is longer than the model reads), "empty", "refused" (by a filter or by the
            model's own refusal field), "broken" (the stream ended early) or "error".
        finish_reason: The endpoint's own word; empty if it gave none.
        note: What went wrong, in a sentence; empty if nothing did.
        usage: Tokens as billed, or estimated from above if `usage_doubtful`; None if nothing
            was billed.
        usage_doubtful: True if the endpoint's figures are missing or cannot be right.
        cost_usd: What this answer cost; None if no prices are known.
        unsure_usd: At most so much more may be billed: for tries that got no answer, and for
            what a broken stream did not show.
        latency_s: Seconds from sending the request that was answered to the end of its answer.
        first_token_s: Seconds to the first token, reasoning included; None if not streamed.
        tries: Requests sent, that of the answer included.
        unanswered: True if no request got an answer, so that a later run asks again.
        served_model: The model that the endpoint says it used.
    """

    key: str
    epoch: int = 1
    text: str = ""
    tool_calls: list[dict[str, Any]] = []
    failure: str = ""
    finish_reason: str = ""
    note: str = ""
    usage: Usage | None = None
    usage_doubtful: bool = False
    cost_usd: float | None = None
    unsure_usd: float = 0.0
    latency_s: float | None = None
    first_token_s: float | None = None
    tries: int = 1
    unanswered: bool = False
    served_model: str = ""

    @property
    def place(self) -> Place:
        """Key and epoch, which together tell this answer from all others."""
        return self.key, self.epoch
