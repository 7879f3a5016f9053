"""Text from files and users, made safe wherever it lands in a web page."""

import re

_NOT_PLAIN = re.compile(r"[^\w .,:;·、，。：；（）()°²%+–—-]")


def page_text(text: str) -> str:
    r"""Return text that shows as it is, in HTML and in JavaScript that writes HTML alike.

    Everything but letters, digits and plain punctuation becomes a numeric entity. So nothing is
    left that HTML (`<`, `&`, quotes), a JavaScript string or template literal (backtick, `${`,
    backslash, line ends, U+2028) or a Jinja template (`{{`, `{%`) reads as its own.
    """
    return _NOT_PLAIN.sub(lambda match: f"&#{ord(match.group())};", text)
