"""Answers that give their model away: "as DeepSeek, I ...", "I was trained by OpenAI".

A sentence gives a model away where the one who speaks names itself, its family or its maker. To
speak of models is not enough; nor are quotations, code, or what a prompt asks to write or to play.
What is found flags a vote. It drops none: whoever reads the votes decides.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from headtohead.names.book import load_book

# Assistants and makers by the names that their own answers use, where the list of models has none.
_ASSISTANTS = """
Bing Chat|Copilot|Microsoft Copilot|Meta AI|Le Chat|Ernie Bot|ERNIE Bot|HyperCLOVA|Tongyi Qianwen
文心一言|通义千问|千问|豆包|智谱清言|混元|腾讯元宝|讯飞星火|百川|하이퍼클로바|클로바|딥시크|DeepSeek
"""
_MAKERS = """
深度求索|月之暗面|阿里云|阿里巴巴|百度|腾讯|字节跳动|智谱|智谱AI|科大讯飞|零一万物|百川智能|谷歌|微软|华为|商汤
グーグル|マイクロソフト|アンソロピック|네이버|구글|오픈AI|카카오|마이크로소프트|Яндекс|Сбер|Гугл
"""
# Names of models that are also words or names of people. They count with a version, or in a
# sentence that speaks of a model.
_WORDS = """
alpaca amazon arch bard beam code codex command composer copilot dolly dolphin early falcon
granite guanaco hammer hermes hy inflection inkling kat koala laguna ling llama mercury mistral
muse nex north nous nova ornith palm perceptron phi r raft reka ring rnj seed snowflake solar
sonar stable starling step swe text trinity tng ui vicuna yi zephyr o
"""
_PEOPLE = frozenset(("claude", "gemini", "kimi", "aya", "sarvam"))

_VERSION = (
    r"(?:[\s-]?(?-i:v|V|R|K|M)?\d[\w.]*\+?|[\s-](?-i:R\+|Chat|Code|Coder|Flash|Haiku|Instant|"
    r"Instruct|Large|Lite|Max|Medium|Mini|Opus|Plus|Pro|Small|Sonnet|Turbo|Ultra|"
    r"chat|instruct|large|max|medium|mini|nano|plus|pro|small|turbo))*"
)
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9]|['’]s\b)"
_NO_SURNAME = r"(?!\s+(?-i:[A-ZÀ-ÞА-Я][a-zà-ÿа-я]))"
# What stands for a name while sentences are read: one character, which no text has afterwards.
_MARKS = {"model": "\ue000", "word": "\ue001", "maker": "\ue002"}
_ANY_MARK = re.compile("[\ue000-\ue002]")
_MODEL, _MAKER = r"(?:\ue002\s+)?[\ue000\ue001]", r"[\ue000-\ue002]"
_OF_A_MODEL = re.compile(
    r"(?-i:\bAI\b|\bKI\b|\bIA\b|\bLLM|ИИ)|model|assistan|chatbot|modèle|modell|模型|助手|アシスタント"
    r"|モデル|모델|модел|помощник"
)
_DIGIT = re.compile(r"\d")

# In each language: what stands before one's own name, and how it says who made one. {M} is a name
# of a model, {L} one of a maker or a model.
_MADE = r"(?:trained|developed|created|made|built|designed|engineered|provided|released)"
_NO_OTHER = r"(?:(?!\b(?:that|whether|if|how|why|when|who|which|because|think|using)\b)[^.!?\n])"
_NOUN = r"(?:language model|model|assistant|AI|A\.I\.|chatbot|bot|LLM|system)"
_RULES = (
    # English
    r"\bI(?:['’]?m|\s+am)\s+(?:(?:actually|also|only|just|called|named|known as|the"
    r"|your|AI|assistant|model)\s+)*{M}",
    r"\bI\s+happen\s+to\s+be\s+{M}",
    r"\bspeaking\s+as\s+{M}",
    r"\bwe\s+at\s+{L}",
    rf"\bI(?:['’]?m|\s+am)\s+an?\s+{{M}}[\s-]+{_NOUN}",
    rf"\bI(?:['’]?m|\s+am)\s+(?:an?|the)\s+(?:[\w-]+\s+){{{{0,5}}}}{_NOUN}s?,?\s+"
    r"(?:of|from|in|by|called|named|based on)\s+(?:the\s+)?{L}",
    r"\bI(?:['’]?m|\s+am)\s+(?:based|built|powered|running|part|a version|a member)\s+"
    r"(?:on|by|of)\s+(?:the\s+)?{L}",
    r"\bI\s+(?:run on|belong to)\s+(?:the\s+)?{L}",
    r"\b(?:as|being)\s+{M},?\s+I\b",
    rf"\b(?:as|being)\s+an?\s+{{M}}[\s-]+{_NOUN}",
    rf"\b(?:as|being)\s+an?\s+(?:[\w-]+\s+){{{{0,5}}}}{_NOUN},?\s+(?:{_MADE}\s+(?:and\s+\w+\s+)?)?"
    r"(?:by|from|at|of|called|named)\s+{L}",
    r"\bmy\s+name\s*(?:['’]s|is)\s+{M}",
    r"{M}\s+is\s+my\s+name",
    r"\b(?:call\s+me|I,|this\s+is)\s+{M}(?:\s*[,.!]|$)",
    r"(?:^|[,!(])\s*{M}\s+here\b",
    r"\byou(?:['’]re|\s+are)\s+(?:now\s+)?(?:talking|chatting|speaking)\s+(?:to|with)\s+{M}",
    rf"\bI(?:['’]?m|\s+am|\s+was|['’]ve\s+been|\s+have\s+been)\b{_NO_OTHER}{{{{0,80}}}}?\b{_MADE}\s+"
    rf"(?:and\s+\w+\s+)?(?:by|at)\s+"
    r"(?:(?:the\s+)?(?:company|team|people|researchers|engineers)\s+(?:at\s+|of\s+)?)?{L}",
    rf"{{L}}\s+(?:has\s+)?{_MADE}\s+me\b",
    rf"{{L}},?\s+(?:[\w]+\s+){{{{0,3}}}}(?:that|which|who)\s+{_MADE}\s+me\b",
    r"\bmy\s+(?:creators?|developers?|makers?)(?:\s+team)?(?:,|\s+at|\s+is|\s+are)\s+{L}",
    r"\b(?:from|by|to)\s+my\s+training\s+(?:at|by)\s+{L}",
    # German
    r"\bich\s+(?:bin|heiße|heisse)\s+{M}",
    r"\bmein\s+name\s+ist\s+{M}",
    r"\bals\s+{M},?\s+\w+\s+ich\b",
    r"\b(?:ich\s+(?:bin|wurde)|als)\b[^.!?\n]{{0,60}}?\bvon\s+(?:der\s+)?{L}\s+(?:und\s+\w+\s+)?"
    r"(?:entwickelt|erschaffen|erstellt|gebaut|programmiert|trainiert)",
    r"\b(?:ich\s+bin|als)\s+(?:ein\w*\s+)?[\w\s-]{{0,30}}?(?:assistent\w*|modell|KI)\s+von\s+{L}",
    # French
    r"\b(?:je\s+suis|je\s+m['’]appelle|mon\s+nom\s+est|en\s+tant\s+que)\s+{M}",
    r"\b(?:je\s+suis|j['’]ai\s+été|en\s+tant\s+que?)\b[^.!?\n]{{0,60}}?"
    r"(?:développ|entraîn|cré|conç)\w+\s+par\s+{L}",
    # Spanish and Portuguese
    r"\b(?:soy|sou|me\s+llamo|me\s+chamo|mi\s+nombre\s+es|meu\s+nome\s+é)\s+(?:[oae]l?\s+)?{M}",
    r"\b(?:soy|sou|fui|he\s+sido|como)\b[^.!?\n]{{0,60}}?"
    r"(?:desarroll|entren|cre|cri|desenvolv|trein|feit|diseñ)\w*[oa]\s+(?:por|pela|pelo)\s+{L}",
    r"\b(?:soy|sou)\s+un[ma]?\s+(?:modelo|asistente|assistente)[^.!?\n]{{0,40}}?\bd[eoa]\s+{L}",
    # Italian
    r"\b(?:sono|mi\s+chiamo|il\s+mio\s+nome\s+è)\s+{M}",
    r"\b(?:sono|come)\b[^.!?\n]{{0,60}}?(?:svilupp|addestr|cre|progett)at[oa]\s+da\s+{L}",
    # Dutch, Polish, Swedish, Danish, Norwegian, Turkish, Vietnamese, Indonesian
    r"\b(?:ik\s+ben|ik\s+heet|mijn\s+naam\s+is|jestem|nazywam\s+się|jag\s+är|jag\s+heter|jeg\s+er"
    r"|jeg\s+he[dt]+er|adım|tôi\s+là|saya\s+adalah|nama\s+saya)\s+{M}",
    r"{L}\s+tarafından\s+[^.!?\n]{{0,30}}?\w+[ıiuü]ld?[ıiuü]m\b",
    r"\bben\s+{M}\s*(?:[,.!]|$)",
    # Russian
    r"\bя\s*(?:[—–-]\s*|это\s+)?{M}",
    r"\bменя\s+зовут\s+{M}",
    r"\b(?:меня|я)\b(?:(?!\bчто\b)[^.!?\n]){{0,50}}?(?:обуч|созда|разработ)\w*\s+(?:компани\w+\s+)?{L}",
    # Arabic, Hindi
    r"(?:أنا|اسمي)\s+{M}",
    r"(?:मैं|मेरा\s+नाम)\s+{M}",
    # Chinese
    r"我(?:是|叫|就是|名叫|的名字是|的名字叫)\s*{M}(?!\s*的)",
    r"作为\s*{M}(?:\s*[，,]|的)",
    r"(?:我(?:是|由|被|叫)|作为)[^。！？；\n]{{0,30}}?{L}[^。！？；，\n]{{0,10}}?(?:开发|训练|研发|创造|创建|推出|打造)",
    # Japanese
    r"(?:私|わたし|僕)(?:は|の名前は)[^。！？\n]{{0,30}}?{M}\s*(?:です|と申します|といいます|という)",
    r"(?:私|わたし|僕)は[^。！？\n]{{0,30}}?{L}(?:社)?(?:によって|が|の|に)[^。！？\n]{{0,10}}?(?:開発|訓練|作成|作ら|学習|トレーニング)",
    # Korean
    r"(?:저는|나는|제\s*이름은)\s*[^.!?\n]{{0,30}}?{M}\s*(?:입니다|이에요|예요|라고)",
    r"(?:저는|나는)\s*[^.!?\n]{{0,30}}?{L}(?:에서|에\s*의해|이|가|의)\s*[^.!?\n]{{0,10}}?(?:개발|만든|만들|훈련)",
)
_TASK = re.compile(
    r"\b(?:write|pretend|act\s+as|role-?play|imagine|translate|rephrase|rewrite|summari[sz]e|repeat"
    r"|say|play|story|poem|dialog(?:ue)?|script|from\s+the\s+view|you\s+are\s+now|schreib\w*|übersetz\w*"
    r"|spiel\w*|traduis\w*|écris|imite|traduce|escribe|finge|traduz\w*|escreve\w*|scrivi|traduci|напиши"
    r"|переведи|представь)\b|写|翻译|翻譯|扮演|假装|訳して|書いて|번역|써\s*줘",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|^[ \t]*>.*?$|“[^”\n]{1,400}”|\"[^\"\n]{1,400}\"|«[^»\n]{1,400}»"
    r"|「[^」\n]{1,400}」",
    re.DOTALL | re.MULTILINE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_REASONING = ("think", "thinking", "thought", "reasoning")
_MOST = 5
_MOST_CHARS = 50_000


@dataclass(frozen=True, slots=True)
class Reveal:
    """A place where an answer gives its model away.

    Attributes:
        words: The words that do.
        name: The name in them.
    """

    words: str
    name: str


class Revealing:
    """Finds what gives models away, by the names of known models and makers and further ones.

    Args:
        names: Of the arena's entrants, and of the models asked there.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        own = [name.rsplit("/", 1)[-1].strip() for name in names]
        # A name like "fast" is a word, one like "bot-7" is none.
        distinct = [n for n in own if len(n) > 2 and (re.search(r"[\d_-]|.[A-Z]", n))]
        self._distinct = [*_known_models(), *distinct]
        self._words = [*_WORDS.split(), *(n for n in own if len(n) > 2 and n not in distinct)]

    def find(self, answer: str, prompt: str = "") -> tuple[Reveal, ...]:
        """What gives the model away in an answer; at most five places, in their order.

        Args:
            answer: As the model wrote it; of a longer one, the first 50,000 characters.
            prompt: What it was asked. Where it asks to write, translate or play something and
                names a model or a maker itself, nothing counts.
        """
        if _TASK.search(prompt) and self._names.search(prompt):
            return ()
        shown = _QUOTED.sub(" ", answer[:_MOST_CHARS])
        text = _ANY_MARK.sub("", re.sub(r"[*`_]+", "", shown))
        names: list[str] = []

        def mark(found: re.Match[str]) -> str:
            names.append(found.group())
            return _MARKS[found.lastgroup or "model"]

        marked = self._names.sub(mark, text)
        left = iter(names)
        reveals = []
        for sentence in _SENTENCE.split(marked):
            called = list(islice(left, len(_ANY_MARK.findall(sentence))))
            reveals += [found for found in [_reveal(sentence, called)] if called and found]
        return tuple(dict.fromkeys(reveals))[:_MOST]

    @cached_property
    def _names(self) -> re.Pattern[str]:
        people = _alternatives(n for n in self._distinct if n.lower() in _PEOPLE)
        models = _alternatives(n for n in self._distinct if n.lower() not in _PEOPLE)
        words = _alternatives(word.capitalize() for word in self._words)
        makers = _alternatives(n for n in _known_makers() if n.lower() not in self._words)
        return re.compile(
            rf"{_START}(?:(?P<model>(?:{models}){_VERSION}{_END}"
            rf"|(?:{people}){_VERSION}{_END}{_NO_SURNAME})"
            rf"|(?P<maker>(?-i:{makers}){_END})"
            rf"|(?P<word>(?-i:{words}){_VERSION}{_END}{_NO_SURNAME}))",
            re.IGNORECASE,
        )


def without_reasoning(text: str, *, whole: bool = True) -> str:
    """An answer without the reasoning that some endpoints put in front of it, between tags.

    Only some models have it, so that it gives them away; most endpoints send it apart. Empty if it
    has no end.

    Args:
        whole: False while more may come: then empty as long as what came may be part of a tag.
    """
    start = text.lstrip()
    if not whole and not start:
        return ""
    for name in _REASONING:
        begin, end = f"<{name}>", f"</{name}>"
        if start.startswith(begin):
            return start.partition(end)[2].lstrip()
        if not whole and begin.startswith(start):
            return ""
    return text


def _reveal(sentence: str, names: Sequence[str]) -> Reveal | None:
    """Where a sentence, in which marks stand for the names, gives a model away."""
    for rule, names_itself in _rules():
        found = rule.search(sentence)
        if not found:
            continue
        before = len(_ANY_MARK.findall(sentence[: found.start()]))
        inside = _ANY_MARK.findall(found.group())
        called = names[before : before + len(inside)]
        doubtful = names_itself and inside[-1] == _MARKS["word"]
        if doubtful and not (_DIGIT.search(called[-1]) or _OF_A_MODEL.search(sentence)):
            continue
        left = iter(called)
        words = _ANY_MARK.sub(lambda _: next(left), found.group())  # noqa: B023
        return Reveal(*(" ".join(text.split()) for text in (words, called[-1])))
    return None


@cache
def _rules() -> tuple[tuple[re.Pattern[str], bool], ...]:
    """The rules, and whether each is about the name of the one who speaks."""
    return tuple(
        (re.compile(rule.format(M=_MODEL, L=_MAKER), re.IGNORECASE), "{M}" in rule)
        for rule in _RULES
    )


def _alternatives(names: Iterable[str]) -> str:
    """A pattern for any of the names, the longest first, that tries few of them at each place."""
    by_letter: dict[str, list[str]] = {}
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        by_letter.setdefault(name[0], []).append(re.escape(name[1:]).replace(r"\ ", r"\s+"))
    groups = (f"{re.escape(one)}(?:{'|'.join(rest)})" for one, rest in by_letter.items())
    return "|".join(groups) or "(?!)"


@cache
def _known_models() -> tuple[str, ...]:
    """First words of the names of all models that are no other word."""
    starts = {re.match(r"[^\W\d_]+", model.name) for model in load_book().models.values()}
    words = {start.group() for start in starts if start}
    listed = [name for line in _ASSISTANTS.split("\n") for name in line.split("|") if name]
    return tuple(sorted({w for w in words if w.lower() not in _WORDS.split()} | set(listed)))


@cache
def _known_makers() -> tuple[str, ...]:
    labs = load_book().labs.values()
    spelt = {text for lab in labs for text in (lab.name, *lab.spellings) if len(text) > 2}
    listed = [name for line in _MAKERS.split("\n") for name in line.split("|") if name]
    return tuple(sorted(spelt | set(listed)))
