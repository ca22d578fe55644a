"""Turn an HTML body into plain text that still shows quotes and signatures."""

import re
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

_HIDDEN: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "-comment", "-doctype"})
_BLOCKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "pre", "section", "article", "header"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "address", "center", "body"}
)
_SIGNATURES: Final = (
    "gmail_signature",
    "moz-signature",
    "AppleMailSignature",
    "Signature",
    "ms-outlook-mobile-signature",
)
_RULE: Final = "_" * 20
_MAX_DEPTH: Final = 20
"""Deeper quotes are shown as this deep; a hostile mail nests thousands."""
_TAG: Final = re.compile(r"<(?:(/)|(?!br|hr|img|input|meta|link|col|wbr))[a-z]", re.IGNORECASE)
_ANY_TAG: Final = re.compile(r"<(?:(/)|(?!br|hr|img|input|meta|link|col|wbr))[a-z]", re.IGNORECASE)
_MAX_NESTING: Final = 1000
"""The parser's time grows with the square of the depth; no mail program nests so deep."""


def html_to_text(html: str) -> str:
    """Give the visible text, quoted parts marked with `> `, a signature begun with `-- `.

    The tree is walked without recursion, so that depth costs no stack.
    """
    if _nests_too_deep(html):
        return unescape(_ANY_TAG.sub("\n", html))
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    lines: list[str] = []
    line: list[str] = []
    depth = 0

    def end_line() -> None:
        text = " ".join("".join(line).split())
        line.clear()
        if text or (lines and lines[-1].strip("> ")):
            lines.append("> " * min(depth, _MAX_DEPTH) + text)

    node: LexborNode | None = body
    entering = True
    level = 0
    while node is not None:
        tag = node.tag or ""
        if tag in _BLOCKS:
            end_line()
        if entering:
            if tag == "-text":
                line.append(node.text_content or "")
            if tag == "blockquote":
                depth += 1
            elif tag == "hr":
                lines.append(_RULE)
            elif _is_signature(node, tag):
                end_line()
                lines.append("-- ")
            inner = None if tag in _HIDDEN else node.child
            if inner is not None:
                node, level = inner, level + 1
                continue
        if tag == "blockquote":
            depth -= 1
        if level == 0:  # nodes compare by their whole content, so that depth is counted instead
            break
        if node.next is not None:
            node, entering = node.next, True
        else:
            node, entering, level = node.parent, False, level - 1
    end_line()
    return "\n".join(lines).strip("\n")


def _nests_too_deep(html: str) -> bool:
    level = 0
    for match in _TAG.finditer(html):
        level = max(0, level - 1) if match[1] else level + 1
        if level > _MAX_NESTING:
            return True
    return False


def _is_signature(node: LexborNode, tag: str) -> bool:
    if tag not in {"div", "pre", "table", "span"}:
        return False
    marks = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
    return any(mark in marks for mark in _SIGNATURES)
