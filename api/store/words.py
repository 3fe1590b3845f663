"""Text as the word index keeps it and as it is asked for."""

import re

__all__ = ["match_expression", "spaced_words"]

# Chinese, Japanese and Korean are written without spaces: each character is a word, a term is a phrase.
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff])")
_WORD = re.compile(r"\w")


def spaced_words(text: str) -> str:
    """The text with spaces around characters that are words by themselves."""
    return " ".join(_WIDE.sub(r" \1 ", text).split())


def match_expression(text: str) -> str | None:
    """The FTS5 expression for a person's words, all of which must be there; None where there are none.

    Each term is a phrase whose last word may go on: `street-off` finds `street-office-3`. Nothing in the text
    is an operator.
    """
    terms = [spaced_words(term).replace('"', " ") for term in text.split() if _WORD.search(term)]
    return " ".join(f'"{term}"*' for term in terms) or None
