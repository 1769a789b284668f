"""Small models that know by construction what they answer, written as GGUF with numpy alone.

A model has one layer. Attention with fixed random weights gathers the conversation so far into a
vector; its output matrix whitens these vectors, so that conversations which differ in one letter
point to different sides. Each neuron of the feed-forward part stands for one state of one
conversation (a prompt and the answer so far) and is silent elsewhere; what it adds points to the
next token. A conversation that the model does not know wakes no neuron: then the token before
decides alone, and the answer is a question mark. A few that look like a known one wake its neuron,
as happens to larger models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
from numpy.typing import NDArray
from tests.models.tokens import CHAT_TEMPLATE, SPECIAL, Message, Tokens, chat

Floats = NDArray[np.float64]
Architecture = Literal["llama", "qwen3"]
Knowledge = Sequence[tuple[Sequence[Message], str]]

UNKNOWN = "?"
"""What a model answers to most of what it does not know."""

CONTEXT_TOKENS = 4096
_EPS = 1e-6
_ROPE_BASE = 10_000.0
_HEADS, _HEAD = 8, 32
_ATTENTION = _HEADS * _HEAD
# The residual stream: a constant, the code of the next token, the present token, what was gathered.
_CODE, _WORD, _GATHERED = slice(1, 64), slice(64, 128), slice(128, 384)
_WIDTH = 384
# Scores of attention are of this size: larger ones look at few letters and miss the others.
_SCORE = 1.0
# Singular values below this are noise of the arithmetic, whitening leaves them small.
_FLOOR = 3e-4
# Two sums that share a digit share half their vector, so a neuron wakes only well above half.
_THRESHOLD, _STEEP = 0.85, 80.0
# Size of the right logit: the server's usual sampling leaves no other token at any temperature.
_LOUD = 20.0
# What arithmetic in half precision may move a logit by, with room.
_SAFE_MARGIN = 2.0
_ANGLES = np.arange(CONTEXT_TOKENS)[:, None] * _ROPE_BASE ** (-np.arange(_HEAD // 2) * 2 / _HEAD)
_COS, _SIN = np.cos(_ANGLES), np.sin(_ANGLES)
# Texts like the known ones: the more of them, the more seldom a neuron wakes by mistake.
_STRAYS = 512


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a written model.

    Attributes:
        path: The GGUF file.
        states_n: How many states of conversations it knows, one neuron each.
        margin: By how much the right next token wins over the next best, in logits, in the
            worst state.
        tokens: Its vocabulary.
    """

    path: Path
    states_n: int
    margin: float
    tokens: Tokens


def _normed(x: Floats) -> Floats:
    size: Floats = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + _EPS)
    return x / size


def _single(x: Floats) -> Floats:
    """Rounded to what the file holds."""
    return x.astype(np.float32).astype(np.float64)


def _directions(rng: np.random.Generator, rows: int, part: slice) -> Floats:
    x = np.zeros((rows, _WIDTH))
    x[:, part] = rng.normal(size=(rows, part.stop - part.start))
    length: Floats = np.linalg.norm(x, axis=1, keepdims=True)
    return x / length


class _TinyModel:
    """The weights of a model, and what they compute, as llama.cpp does it."""

    def __init__(self, arch: Architecture, tokens: Tokens, rng: np.random.Generator) -> None:
        self.arch = arch
        count = len(tokens)
        self.codes = _directions(rng, count, _CODE)
        after = np.full(count, tokens.turn_end)
        after[tokens.encode("\n")[0]] = tokens.encode(UNKNOWN)[0]
        self.embedding = _single(_directions(rng, count, _WORD) + self.codes[after])
        self.embedding[:, 0] = 1.0
        self.query, self.key, self.value = np.zeros((3, _ATTENTION, _WIDTH))
        reads = np.r_[0, _WORD]
        size = np.sqrt(_SCORE / 2)
        # The query is the same for every token: what a head looks at depends on place and word.
        self.query[:, 0] = size * rng.normal(size=_ATTENTION)
        self.key[:, reads] = size * rng.normal(size=(_ATTENTION, reads.size))
        self.value[:, _WORD] = rng.normal(size=(_ATTENTION, _WORD.stop - _WORD.start)) / 8
        if arch == "llama":
            # What qwen3 does to every query and key, done once to the weights.
            unit = _normed(self.embedding)
            for weight in (self.query, self.key):
                weight *= np.sqrt(_SCORE / np.mean((unit @ weight.T) ** 2))
        self.query, self.key, self.value = map(_single, (self.query, self.key, self.value))
        # With one layer, the query, key and value of a token are the same wherever it stands.
        weights = (self.query, self.key, self.value)
        unit = _normed(self.embedding)
        self.seeks, self.shows, self.gives = (
            (unit @ weight.T).reshape(-1, _HEADS, _HEAD) for weight in weights
        )
        if arch == "qwen3":
            self.seeks, self.shows = (
                np.sqrt(_SCORE) * _normed(x) for x in (self.seeks, self.shows)
            )

    def _turned(self, x: Floats, at: NDArray[np.int64]) -> Floats:
        """Rotary positions, of neighbours for llama and of halves for qwen3."""
        half = _HEAD // 2
        cos, sin = _COS[at, None, :], _SIN[at, None, :]
        if self.arch == "llama":
            a, b = x[..., 0::2], x[..., 1::2]
            return np.stack((a * cos - b * sin, a * sin + b * cos), axis=-1).reshape(x.shape)
        a, b = x[..., :half], x[..., half:]
        return np.concatenate((a * cos - b * sin, a * sin + b * cos), axis=-1)

    def gathered(self, ids: Sequence[int], last: int) -> Floats:
        """What attention gathers at the `last` positions of a sequence, (last, attention)."""
        word, at = np.array(ids), np.arange(len(ids))
        q = self._turned(self.seeks[word[-last:]], at[-last:])
        k, v = self._turned(self.shows[word], at), self.gives[word]
        # By heads first, so that each is a product of matrices.
        q, k, v = (y.swapaxes(0, 1) for y in (q, k, v))
        score = q @ k.swapaxes(1, 2) / np.sqrt(_HEAD)
        score[:, at[None, :] > at[-last:, None]] = -np.inf
        weight: Floats = np.exp(score - score.max(axis=-1, keepdims=True))
        weight /= weight.sum(axis=-1, keepdims=True)
        return (weight @ v).swapaxes(0, 1).reshape(last, _ATTENTION)

    def learn(self, seen: Floats, strays: Floats, now: NDArray[np.int64], to: Floats) -> None:
        """Set the matrices that are not random.

        Args:
            seen: What attention gathers in each state to know, (n, attention).
            strays: The same for states to stay silent in, (m, attention).
            now: The present token of each state, (n,).
            to: The code of the token that follows each state, (n, width).
        """
        both = np.vstack((seen, strays))
        spread, axes = np.linalg.eigh(both.T @ both / len(both))
        white = axes / np.sqrt(np.maximum(spread, 0.0) + _FLOOR**2)
        size = np.sqrt(np.mean(np.sum((seen @ white) ** 2, axis=1)))
        self.output = np.zeros((_WIDTH, _ATTENTION))
        # The present token has a length of one: what was gathered speaks louder.
        self.output[_GATHERED] = (8.0 / size) * white.T
        self.output = _single(self.output)
        state = self.embedding[now] + seen @ self.output.T
        level = np.sqrt(np.mean(state * state))
        keys = np.zeros((len(seen), _WIDTH))
        keys[:, _GATHERED] = state[:, _GATHERED]
        keys /= np.sum(keys * keys, axis=1, keepdims=True)
        self.gate = level * _STEEP * keys
        self.gate[:, 0] = -level * _STEEP * _THRESHOLD
        self.up = np.zeros_like(self.gate)
        self.up[:, 0] = level
        self.gate, self.up = _single(self.gate), _single(self.up)
        fired = self._fired(state)
        change = 8.0 * to
        change[:, _CODE] -= state[:, _CODE]
        self.down = _single(np.asarray(np.linalg.lstsq(fired, change, rcond=1e-10)[0]).T)
        final = state + fired @ self.down.T
        loud = np.mean(np.sum(_normed(final) * to, axis=1))
        self.head = _single(self.codes * (_LOUD / loud))

    def _fired(self, state: Floats) -> Floats:
        x = _normed(state)
        gate = x @ self.gate.T
        out: Floats = gate / (1.0 + np.exp(-np.clip(gate, -500, 500))) * (x @ self.up.T)
        return out

    def logits(self, seen: Floats, now: NDArray[np.int64]) -> Floats:
        """Logits of the next token, (n, tokens)."""
        state = self.embedding[now] + seen @ self.output.T
        return _normed(state + self._fired(state) @ self.down.T) @ self.head.T

    def write(self, path: Path, name: str, tokens: Tokens) -> None:
        """Write the model as a GGUF file."""
        out = gguf.GGUFWriter(path, self.arch)
        out.add_name(name)
        out.add_context_length(CONTEXT_TOKENS)
        out.add_embedding_length(_WIDTH)
        out.add_block_count(1)
        out.add_feed_forward_length(len(self.gate))
        out.add_head_count(_HEADS)
        out.add_head_count_kv(_HEADS)
        out.add_key_length(_HEAD)
        out.add_value_length(_HEAD)
        out.add_rope_dimension_count(_HEAD)
        out.add_rope_freq_base(_ROPE_BASE)
        out.add_layer_norm_rms_eps(_EPS)
        out.add_file_type(gguf.LlamaFileType.ALL_F32)
        _write_tokens(out, tokens)
        layer = {
            "attn_q": self.query,
            "attn_k": self.key,
            "attn_v": self.value,
            "attn_output": self.output,
            "ffn_gate": self.gate,
            "ffn_up": self.up,
            "ffn_down": self.down,
            "attn_norm": np.ones(_WIDTH),
            "ffn_norm": np.ones(_WIDTH),
        }
        if self.arch == "qwen3":
            layer["attn_q_norm"] = layer["attn_k_norm"] = np.full(_HEAD, np.sqrt(_SCORE))
        tensors = {f"blk.0.{part}": weight for part, weight in layer.items()}
        tensors |= {"token_embd": self.embedding, "output": self.head}
        tensors["output_norm"] = np.ones(_WIDTH)
        for part, weight in tensors.items():
            out.add_tensor(f"{part}.weight", np.ascontiguousarray(weight, dtype=np.float32))
        out.write_header_to_file()
        out.write_kv_data_to_file()
        out.write_tensors_to_file()
        out.close()


def _write_tokens(out: gguf.GGUFWriter, tokens: Tokens) -> None:
    kinds = [
        gguf.TokenType.CONTROL if piece in SPECIAL else gguf.TokenType.NORMAL
        for piece in tokens.pieces
    ]
    out.add_vocab_size(len(tokens))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(tokens.pieces)
    out.add_token_types(kinds)
    out.add_token_merges([f"{left} {right}" for left, right in tokens.merges])
    out.add_bos_token_id(tokens.end)
    out.add_eos_token_id(tokens.turn_end)
    out.add_add_bos_token(False)
    out.add_chat_template(CHAT_TEMPLATE)


def _strays(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Texts like those given, that are none of them: the head of one, the tail of another."""
    known = set(texts)
    found: list[str] = []
    for _ in range(_STRAYS):
        head, tail = (texts[i] for i in rng.integers(len(texts), size=2))
        middle = "".join(chr(i) for i in rng.integers(32, 127, size=3))
        cut = rng.integers(len(head) + 1)
        text = head[:cut] + middle + tail[rng.integers(len(tail) + 1) :]
        if text not in known:
            found.append(text)
    return found


def write_model(
    path: Path, knowledge: Knowledge, *, arch: Architecture, merges_n: int, seed: int
) -> Made:
    """A model that answers as told, written to a file.

    Args:
        path: The GGUF file to write; its stem is the model's name.
        knowledge: Conversations and their answers; every conversation once.
        arch: Whose arithmetic the model follows.
        merges_n: How many pairs its vocabulary merges: the more, the fewer tokens a text has.
        seed: Of all random weights.

    Returns:
        What is known of it.

    Raises:
        ValueError: If two conversations cannot be told apart.
    """
    rng = np.random.default_rng(seed)
    said = [message["content"] for messages, _ in knowledge for message in messages]
    tokens = Tokens([*said, *(answer for _, answer in knowledge)], merges_n)
    model = _TinyModel(arch, tokens, rng)
    seen: list[Floats] = []
    now: list[int] = []
    then: list[int] = []
    for messages, answer in knowledge:
        start, goes = tokens.encode(chat(messages)), tokens.encode(answer)
        steps = len(goes) + 1
        seen.append(model.gathered(start + goes, steps))
        now += [start[-1], *goes]
        then += [*goes, tokens.turn_end]
    lost = [
        model.gathered(tokens.encode(chat([{"role": "user", "content": text}])), 1)
        for text in _strays(said, rng)
    ]
    at = np.array(now)
    model.learn(np.vstack(seen), np.vstack(lost), at, model.codes[then])
    margin = _margin(model.logits(np.vstack(seen), at), then)
    if margin < _SAFE_MARGIN:
        raise ValueError(f"two conversations are too alike: the margin is only {margin:.2f}")
    model.write(path, path.stem, tokens)
    return Made(path, len(now), margin, tokens)


def _margin(logits: Floats, right: Sequence[int]) -> float:
    rows = np.arange(len(right))
    best = logits[rows, right].copy()
    logits[rows, right] = -np.inf
    return float(np.min(best - logits.max(axis=1)))
