"""Countries as people write them in, their ISO 3166-1 numbers out."""

from __future__ import annotations

import gettext
import unicodedata
from functools import cache

import numpy as np
import pandas as pd
import pycountry

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "pl", "cs", "da", "sv", "nb", "fi", "hu", "ro", "tr")
"""Languages whose names of countries are known besides English; where two disagree, the first one counts."""
NAMES = ("alpha_2", "alpha_3", "numeric", "name", "common_name", "official_name")
BY_HAND = {
    "uk": "GBR", "great britain": "GBR", "britain": "GBR", "england": "GBR", "scotland": "GBR", "wales": "GBR",
    "northern ireland": "GBR", "grossbritannien": "GBR", "grande bretagne": "GBR", "gran bretana": "GBR",
    "gran bretagna": "GBR", "america": "USA", "united states of america": "USA", "etats unis": "USA",
    "amerika": "USA", "eeuu": "USA", "ee uu": "USA", "stati uniti d america": "USA",
    "brd": "DEU", "holland": "NLD", "niederlande": "NLD", "pays bas": "NLD", "czech republic": "CZE",
    "tschechien": "CZE", "tschechische republik": "CZE", "russia": "RUS", "russland": "RUS", "south korea": "KOR",
    "korea": "KOR", "republic of korea": "KOR", "sudkorea": "KOR", "coree du sud": "KOR", "corea del sur": "KOR",
    "north korea": "PRK", "nordkorea": "PRK", "uae": "ARE", "emirates": "ARE", "vae": "ARE", "iran": "IRN",
    "syria": "SYR", "vietnam": "VNM", "laos": "LAO", "bolivia": "BOL", "venezuela": "VEN", "tanzania": "TZA",
    "moldova": "MDA", "republic of moldova": "MDA", "taiwan": "TWN", "turkey": "TUR", "turkei": "TUR",
    "brunei": "BRN", "cape verde": "CPV", "ivory coast": "CIV", "swaziland": "SWZ", "macedonia": "MKD",
    "burma": "MMR", "east timor": "TLS", "palestine": "PSE", "vatican": "VAT", "vatican city": "VAT",
    "macau": "MAC", "hong kong sar": "HKG", "hongkong": "HKG", "congo kinshasa": "COD", "dr congo": "COD",
    "drc": "COD", "congo brazzaville": "COG", "el": "GRC", "hellas": "GRC", "suisse": "CHE", "svizzera": "CHE",
    "prc": "CHN", "mainland china": "CHN", "ksa": "SAU", "saudi": "SAU", "nz": "NZL", "rsa": "ZAF",
    "bosnia": "BIH", "trinidad": "TTO", "slovak republic": "SVK", "slowakei": "SVK", "belarus": "BLR",
    "weissrussland": "BLR", "eire": "IRL", "republic of ireland": "IRL", "micronesia": "FSM",
}
"""Names in daily use that no list of the standard has."""
ARTICLES = ("the ", "republic of ", "state of ", "kingdom of ")


def codes_of(names: pd.Series) -> pd.Series:
    """Give the ISO 3166-1 number of each country.

    Parameters
    ----------
    names : Series of shape (n,)
        Codes of two or three letters, English, official and common names, and those of the languages above; case,
        accents, dots and spaces do not matter.

    Returns
    -------
    Series of float, shape (n,)
        Index and order of ``names``; missing where the country is not known.
    """
    written = names.astype(object).where(names.notna(), "")
    different = pd.unique(written)
    known = _known()
    found = {name: known.get(folded(str(name)), np.nan) for name in different}
    return written.map(found).astype(float)


def folded(name: str) -> str:
    """Write a name without case, accents, points and articles."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and ").replace(".", ""))
    plain = "".join(letter if letter.isalnum() else "" if unicodedata.combining(letter) else " " for letter in letters)
    text = " ".join(plain.split())
    for article in ARTICLES:
        text = text.removeprefix(article)
    return text


@cache
def _known() -> dict[str, float]:
    """Give the number of every spelling; names of the standard come before those of languages and of daily use."""
    spellings: dict[str, float] = {}
    countries = list(pycountry.countries)
    for field in NAMES:
        for country in countries:
            _learn(spellings, getattr(country, field, None), country)
    by_letters = {country.alpha_3: country for country in countries}
    for name, letters in BY_HAND.items():
        _learn(spellings, name, by_letters[letters])
    for language in LANGUAGES:
        translated = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for country in countries:
            for field in ("common_name", "name"):
                _learn(spellings, translated.gettext(getattr(country, field, None) or country.name), country)
    return spellings


def _learn(spellings: dict[str, float], name: str | None, country: pycountry.db.Country) -> None:
    if name:
        spellings.setdefault(folded(name), float(country.numeric))
