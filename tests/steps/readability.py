"""How hard a text is to read, measured simply."""

import re

VOWELS = re.compile(r"[aeiouy]+")


def sentences(text: str) -> list[list[str]]:
    """Give the words of each sentence; numbers with decimals stay whole."""
    parts = re.split(r"[.!?:;](?:\s|$)|\n", text)
    found = [re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", part) for part in parts]
    return [words for words in found if words]


def longest_sentence(text: str) -> int:
    return max(len(words) for words in sentences(text))


def syllables(word: str) -> int:
    """Count groups of vowels; an e at the end is silent unless it is the only one or follows an l."""
    plain = word.lower()
    count = len(VOWELS.findall(plain))
    silent = plain.endswith("e") and not plain.endswith("le") and count > 1
    return max(count - silent, 1)


def reading_ease(text: str) -> float:
    """Give the reading ease after Flesch (1948): 0 is for lawyers, 60 to 70 plain, 100 very easy."""
    found = sentences(text)
    words = [word for one in found for word in one]
    return 206.835 - 1.015 * len(words) / len(found) - 84.6 * sum(map(syllables, words)) / len(words)
