"""Hostile text, rendered and read by a real browser: none of it does anything."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.browser import needs_browser
from tests.simulations import leading
from tests.waiting import processor_s

from headtohead.arena.rendering import answer_html, answers_html, plain_text

BLOCKS = "blockquote h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul"
TAGS = {*BLOCKS.split(), "a", "br", "code", "del", "em", "s", "strong"}
ATTRIBUTES = {"a href", "a rel", "a target", "ol start"}

HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg onload='window.hit = 1'><script>window.hit = 1</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=hit&gt;'>",
    "<iframe src='javascript:parent.hit = 1'></iframe>",
    "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
    "<object data='javascript:hit = 1'></object><embed src='//evil.example/x.swf'>",
    "<form action='/api/v1/votes' method=post><input name=x autofocus onfocus='hit = 1'></form>",
    "<style>@import '//evil.example/x.css'; body { display: none }</style>",
    "<link rel=stylesheet href='//evil.example/x.css'><base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<a href='javascript:hit = 1' id=vote name=vote class=button style='position:fixed'>vote</a>",
    "<details open ontoggle='hit = 1'><summary>x</summary></details>",
    "<noscript><p title='</noscript><img src=x onerror=hit>'></noscript>",
    "<template><script>hit</script></template><plaintext>",
    "<p/onclick=hit>x</p></div></div></main></body></html><h1>you won</h1>",
    "<!--><img src=x onerror=hit>-->",
    "<![CDATA[<script>hit</script>]]>",
    "<?php hit ?>",
    "[click](javascript:window.hit=1)",
    "[click](JaVaScRiPt&#58;hit)",
    "[click](java\tscript:hit)",
    "[click](&#x6A;avascript:hit)",
    "[click](vbscript:hit)",
    "[click](data:text/html,<script>hit</script>)",
    "[click](data:image/svg+xml;base64,PHN2Zy8+)",
    "[click](/admin/void?battle=1)",
    "[click](//evil.example)",
    "[click](file:///etc/passwd)",
    "[click](\x01javascript:hit)",
    "[x](<javascript:hit>)",
    "[x]: javascript:hit\n\n[x]",
    "<javascript:hit>",
    '<https://evil.example/"onmouseover=hit>',
    '[a](https://evil.example/"onclick="hit)',
    "[a](https://evil.example 'x\" onclick=\"hit')",
    "[https://bank.example](https://evil.example/bank.example)",
    "[a](https://bank.example@evil.example)",
    "[a](http://[::1)",
    "[a](https://evil.example\\@bank.example)",
    "![tracker](https://evil.example/pixel.png?who=me)",
    "![x](javascript:hit)",
    "![x](data:image/png;base64,AAAA)",
    '!["onerror=hit](x)',
    "![<img src=x onerror=hit>](x)",
    "[![t](https://evil.example/p.png)](https://evil.example)",
    '```"><script>hit</script>\ncode\n```',
    "```js onload=hit\nx\n```",
    "`<script>hit</script>`",
    "|<script>|a|\n|-|-|\n|<img src=x onerror=hit>|![t](//evil.example/t.png)|",
    "# <script>hit</script>",
    "1. <b onclick=hit>x</b>",
    "> <svg/onload=hit>",
    "&lt;script&gt;hit&lt;/script&gt;",
    "&#60;script&#62;hit&#60;/script&#62;",
    "\ufeff<script>hit</script>",
    "<scr\u200bipt>hit</scr\u200bipt>",
    "<scr\x00ipt>hit</scr\x00ipt>",
    "\u2028<script>hit</script>",
    "＜script＞hit＜/script＞",
    "\x1b[2J\x1b]0;title\x07\x1b]8;;javascript:hit\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31mred",
    "\x07\x08\x7f\x85",
    "\u202egnp.exe",
    "\u2066\u2067\u2068 isolated",
    "&#8238;entity",
    "&#x202E;",
    "\u202a" * 50,
    "a" + "\u0301" * 500,
    "\u200b" * 100,
    "\U000e0041\U000e0042",
    "\ud800",
    "\udfff x",
    "\ufffe",
    "{{ 7 * 7 }} {% include '/etc/passwd' %} ${7*7} <%= 7 %>",
]

READ = """
html => {
  const seen = new DOMParser().parseFromString(`<main id=here>${html}</main>`, 'text/html');
  const all = [...seen.querySelectorAll('*')];
  const inside = [...seen.querySelector('#here').querySelectorAll('*')];
  return {
    outside: all.length - inside.length,
    tags: [...new Set(inside.map(x => x.localName))],
    foreign: inside.some(x => x.namespaceURI !== 'http://www.w3.org/1999/xhtml'),
    attributes: [...new Set(inside.flatMap(
      x => x.getAttributeNames().map(name => x.localName + ' ' + name)))],
    links: inside.filter(x => x.hasAttribute('href')).map(x => [x.href, x.rel]),
    text: seen.querySelector('#here').textContent,
  };
}
"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page()
    yield opened
    opened.close()


def _check(page: Any, text: str) -> str:
    """What a browser reads, after it was found to hold nothing but what is allowed."""
    read = page.evaluate(READ, answer_html(text))
    assert set(read["tags"]) <= TAGS
    assert set(read["attributes"]) <= ATTRIBUTES
    assert not read["foreign"]
    # html, head, body and main: nothing broke out.
    assert read["outside"] == 4
    for href, rel in read["links"]:
        assert href.startswith(("https://", "http://"))
        assert rel == "noopener noreferrer nofollow"
    shown = str(read["text"])
    assert not set(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x1B, 0, 7))) & set(
        shown
    )
    return shown


@needs_browser
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_browser_finds_nothing_hostile(page: Any, text: str) -> None:
    _check(page, text)
    _check(page, f"before {text} after\n\n- {text}\n  > {text}\n\n| a |\n|---|\n| {text} |")


@needs_browser
@given(
    st.lists(
        st.one_of(st.sampled_from(HOSTILE), st.text(), st.sampled_from("*_`[]()<>!&|\n#\t~\\\"'")),
        max_size=12,
    )
)
def test_no_mixture_of_hostile_texts_gets_through(page: Any, parts: list[str]) -> None:
    _check(page, "".join(parts))


@needs_browser
def test_nothing_runs_and_nothing_is_loaded(browser: Any) -> None:
    """In a page without any policy, so that the HTML alone has to hold."""
    with_all = "".join(answer_html(f"{text}\n\n{text}") for text in HOSTILE)
    opened = browser.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("dialog", lambda dialog: asked.append(dialog.message))
    opened.set_content(f"<body>{with_all}</body>")
    opened.evaluate(
        """() => { for (const x of document.querySelectorAll('main *, body *')) {
             for (const kind of ['click', 'mouseover', 'focus', 'toggle', 'load', 'error'])
               x.dispatchEvent(new Event(kind)); } }"""
    )
    # Whatever loads has come to its end when this, which cannot be loaded, has.
    opened.evaluate(
        """() => new Promise((done) => {
             const last = new Image();
             last.onerror = done;
             last.src = "data:,";
           })"""
    )
    hit = opened.evaluate("() => window.hit")
    opened.close()
    assert hit is None
    assert asked == []


def test_markdown_is_rendered() -> None:
    assert answer_html("# T\n\n**b** *i* ~~s~~ `c`") == (
        "<h3>T</h3>\n<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>\n"
    )
    assert answer_html("3. x\n4. y").startswith('<ol start="3">')
    assert "<td>1</td>" in answer_html("|a|b|\n|-|-|\n|1|2|")
    assert answer_html("```py\nx < y\n```") == "<pre><code>x &lt; y\n</code></pre>\n"


def test_html_and_pictures_are_shown_as_text() -> None:
    assert "&lt;b&gt;" in answer_html("<b>")
    assert "[picture, not loaded: a cat]" in answer_html("![a cat](https://evil.example/cat.png)")


def test_a_link_shows_where_it_leads() -> None:
    assert "</a> (evil.example)" in answer_html("[my bank](https://evil.example/x)")
    assert "</a> (evil.example)" in answer_html("[https://bank.example](https://evil.example)")
    assert "</a> (evil.example)" in answer_html("[bank.example/evil.example](https://evil.example)")
    assert "</a> (evil.example)" in answer_html("[a](https://bank.example@evil.example)")
    assert "(xn--" in answer_html("[paypal](https://раураl.example)")
    for text in ("<https://evil.example/x>", "[evil.example](https://evil.example/)"):
        assert "(evil.example)" not in answer_html(text)


def test_terminal_codes_leave_only_the_text() -> None:
    assert (
        answer_html("a\x1b[31;1mred\x1b[0m \x1b]8;;https://evil.example\x07x\x1b]8;;\x07")
        == "<p>ared x</p>\n"
    )
    assert plain_text("a\x07\x1b[31m") == "a␇␛[31m"


def test_text_that_turns_around_or_hides_is_shown_or_left_out() -> None:
    assert plain_text("\u202eexe\u202c \u2066x\u2069") == "[U+202E]exe[U+202C] [U+2066]x[U+2069]"
    assert plain_text("pass\u200bword\ufeff\U000e0041\u2060") == "password"
    assert "[U+202E]" in answer_html("&#8238;x")
    assert answer_html("a\u200db \u200c") == "<p>ab </p>\n"
    # A family of emoji and a word of Persian keep their joiners.
    for text in ("👨\u200d👩\u200d👧", "می\u200cخواهم"):
        assert text in answer_html(text)
    assert answer_html("Z" + "\u0301" * 99).count("\u0301") == 4
    assert plain_text("tab\tline\nשלום مرحبا 你好 é") == "tab\tline\nשלום مرحبا 你好 é"


@given(st.text())
def test_text_in_pieces_is_what_it_is_in_whole(text: str) -> None:
    assert "".join(plain_text(letter) for letter in text) == plain_text(text)


N = 50_000
TANGLED = {
    "brackets": "[" * N,
    "pictures in pictures": "![" * (N // 2),
    "links in links": "[a][b" * (N // 5),
    "stars": "a**" * (N // 3),
    "stars and lines": "_a__ " * (N // 5),
    "backticks": "".join("`" * n + " " for n in range(300)),
    "quotes in quotes": "> " * (N // 2),
    "deep lists": "".join("  " * n + "- a\n" for n in range(220)),
    "a wide table": "|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|\n" * 12000,
    "a long table": "a|b\n-|-\n" + "c\n" * 20_000,
    "a table of rows that fill up": "|a" * 150 + "|\n" + "|-" * 150 + "|\n" + "|\n" * 300,
    "references": "".join(f"[{n}]: /u\n" for n in range(4000)) + "[1]" * 500,
    "entities": "&amp;" * (N // 5),
    "tags": "<" * N,
    "comments": "<!--" * (N // 4),
    "terminal codes": "\x1b]" * (N // 2),
    "terminal codes of one byte": "\x9d" * N,
    "unended terminal codes": "\x1b[" + "0" * N,
    "joiners": "é" + "\u200d" * N + "é",
    "marks": "a" + "\u0301" * N,
    "a megabyte without blanks": "a" * 1_000_000,
    "ten megabytes": "[" * 10_000_000,
    "a megabyte of marks": "\u0301" * 1_000_000,
    "a megabyte that turns around": "\u202e" * 1_000_000,
    "a megabyte of terminal codes": "\x9d" * 1_000_000,
}


PROSE = "Some **bold** words and `code` here, with [a link](http://x.y) and *more*.\n\n"


@pytest.fixture(scope="session")
def prose_s() -> float:
    """What prose of the longest kind takes on this machine; what was read once is kept."""
    texts = (str(n) + PROSE * (N // len(PROSE)) for n in range(3))
    return min(processor_s(partial(answer_html, text)) for text in texts)


@needs_browser
@pytest.mark.parametrize("name", leading([*TANGLED], len(TANGLED) - 3))
def test_no_text_takes_long_or_gets_large(page: Any, name: str, prose_s: float) -> None:
    made: list[str] = []
    # The worst takes four times as long as prose.
    assert processor_s(lambda: made.append(answer_html(TANGLED[name]))) < 20 * prose_s
    (html,) = made
    assert len(html) < 2_000_000
    read = page.evaluate(READ, html)
    assert set(read["tags"]) <= TAGS
    deepest = page.evaluate(
        """html => { const root = new DOMParser().parseFromString(html, 'text/html').body;
             const depth = x => 1 + Math.max(0, ...[...x.children].map(depth));
             return root.childElementCount > 5000 ? 2 : depth(root); }""",
        html,
    )
    assert deepest < 60


def test_others_are_served_while_a_tangled_text_is_read() -> None:
    async def run() -> tuple[int, dict[str, str]]:
        reading = asyncio.create_task(answers_html([TANGLED["pictures in pictures"], "x"]))
        turns_n = 0
        while not reading.done():
            await asyncio.sleep(0.001)
            turns_n += 1
        return turns_n, await reading

    # The browser of this module has a loop of its own in this thread.
    with ThreadPoolExecutor(1) as thread:
        turns_n, html = thread.submit(asyncio.run, run()).result()
    assert turns_n > 3
    assert html["x"] == "<p>x</p>\n"


def test_what_is_not_shown_is_counted() -> None:
    html = answer_html("a" * 1_000_000)
    assert "The answer goes on for 800,000 more characters, which are not shown." in html


def test_prose_of_the_longest_kind_is_read_as_markdown() -> None:
    html = answer_html(PROSE * (N // len(PROSE)))
    assert html.count("<strong>") == N // len(PROSE)


def test_json_of_a_release_needs_no_escape() -> None:
    """Streams carry plain text as JSON in one line."""
    assert "\n" not in json.dumps(plain_text("a\u2028b\nc"))
