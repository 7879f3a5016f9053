"""Text from files and users on its way to the page: always shown as it is, never interpreted."""

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def as_markdown(text: object) -> str:
    """Return text that Markdown shows letter by letter (no links, colours, formulas, HTML)."""
    return _MARKDOWN.sub(r"\\\1", str(text)).replace("\n", " ")


def as_html(text: object) -> str:
    """Return text that HTML shows letter by letter."""
    return html.escape(str(text), quote=True)
