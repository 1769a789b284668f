"""Byte-level BPE tokens in the layout that llama.cpp calls `gpt2`, and the chat template."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

END, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END, TURN, TURN_END)

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

_SPECIAL = re.compile("(" + "|".join(re.escape(word) for word in SPECIAL) + ")")
_WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

Message = Mapping[str, str]


def chat(messages: Sequence[Message]) -> str:
    """What the server's template makes of a request, up to where the answer begins."""
    turns = (f"{TURN}{m['role']}\n{m['content']}{TURN_END}\n" for m in messages)
    return "".join(turns) + f"{TURN}assistant\n"


def _visible() -> list[str]:
    """GPT-2's letter for each byte: printable bytes stand for themselves, the rest from 256 on."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    letters, spare = [], 256
    for byte in range(256):
        letters.append(chr(byte if byte in plain else spare))
        spare += byte not in plain
    return letters


_LETTERS = _visible()


def _letters(word: str) -> list[str]:
    return [_LETTERS[byte] for byte in word.encode()]


def _join(parts: list[str], left: str, right: str) -> list[str]:
    out: list[str] = []
    i = 0
    while i < len(parts):
        if parts[i : i + 2] == [left, right]:
            out.append(left + right)
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


class Tokens:
    """A vocabulary: three special tokens, 256 bytes, and what was merged of frequent pairs.

    Attributes:
        pieces: The word of each token, in GPT-2's letters.
        merges: Pairs in the order in which they are merged.
    """

    def __init__(self, texts: Iterable[str], merges_n: int) -> None:
        """Learn merges from texts.

        Args:
            texts: What the merges are learnt from.
            merges_n: How many merges to learn, at least 1 because llama.cpp asks for the list.
        """
        words = Counter(word for text in texts for word in self._split(text))
        parts = {word: _letters(word) for word in words}
        spelt = {word: "".join(letters) for word, letters in parts.items()}
        pairs: Counter[tuple[str, str]] = Counter()
        for word, count in words.items():
            for pair in pairwise(parts[word]):
                pairs[pair] += count
        self.merges: list[tuple[str, str]] = []
        while len(self.merges) < max(1, merges_n):
            best = max(pairs, key=lambda pair: (pairs[pair], pair), default=("", ""))
            if not pairs[best]:
                break
            self.merges.append(best)
            for word in [word for word, letters in spelt.items() if "".join(best) in letters]:
                for pair in pairwise(parts[word]):
                    pairs[pair] -= words[word]
                parts[word] = _join(parts[word], *best)
                for pair in pairwise(parts[word]):
                    pairs[pair] += words[word]
        self.pieces = [*SPECIAL, *_LETTERS, *dict.fromkeys(a + b for a, b in self.merges)]
        self._ids = {piece: i for i, piece in enumerate(self.pieces)}
        self.end, self.turn, self.turn_end = (self._ids[word] for word in SPECIAL)
        self._known: dict[str, list[int]] = {}

    @staticmethod
    def _split(text: str) -> list[str]:
        spans = (part for part in _SPECIAL.split(text) if part not in SPECIAL)
        return [word for span in spans for word in _WORDS.findall(span)]

    def encode(self, text: str) -> list[int]:
        """Ids of a text; special words in it become their tokens."""
        ids: list[int] = []
        for span in _SPECIAL.split(text):
            if span in SPECIAL:
                ids.append(self._ids[span])
                continue
            for word in _WORDS.findall(span):
                # Texts are much alike: each word is worked out once.
                if word not in self._known:
                    self._known[word] = self._merged(word)
                ids += self._known[word]
        return ids

    def _merged(self, word: str) -> list[int]:
        parts = _letters(word)
        spelt = "".join(parts)
        for left, right in self.merges:
            if left + right in spelt:
                parts = _join(parts, left, right)
        return [self._ids[part] for part in parts]

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self.pieces)
