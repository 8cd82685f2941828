"""Of forty columns a file may bring, those that identify people are found, and few others are taken for such."""

import numpy as np
import pandas as pd

from leadscore.ingest.custom import infer_custom
from leadscore.ingest.kinds import encode
from leadscore.schema import Kind

SIZE = 200
DRAWN = np.random.default_rng(5)


def numbers(low: int, high: int) -> list[str]:
    return DRAWN.integers(low, high, SIZE).astype(str).tolist()


def some(*choices: str) -> list[str]:
    return DRAWN.choice(np.array(choices), SIZE).tolist()


def dates(written: str) -> list[str]:
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(DRAWN.integers(0, 2000, SIZE), unit="D")
    return [f"{day:{written}}" for day in days]


def each(pattern: str) -> list[str]:
    return [pattern.format(number) for number in range(1000, 1000 + SIZE)]


NOTES = some(*(f"Called on {day}, wants to hear from us again when budget {amount} is free for the team"
               for day in ("Monday", "Friday") for amount in range(100)))

PERSONAL = {
    "Private e-mail": each("p{}@mail.example"), "Contact 2": each("anna.{}@firm.example"), "Handy": each("0170 55{}1"),
    "Second line": each("+49 351 55{}"), "WhatsApp": each("+4917655{}"), "Spouse": each("Maria Muster{}"),
    "Assistant name": each("Jo Helper{}"), "Nickname": each("bear{}"), "Twitter": each("@user{}"),
    "Instagram profile": each("https://instagram.com/u{}"), "GitHub": each("https://github.com/u{}"),
    "Passport no": each("C0{}1X"), "IBAN": each("DE0050010517540732{}"), "SSN": each("123-45-{}"),
    "Date of birth": dates("%d.%m.%Y"), "Birthday": dates("%Y-%m-%d"), "IP address": each("10.0.0.{}"),
    "Home address": each("Long Street {}, Dresden"), "Comments": NOTES, "Internal notes": NOTES,
}
NOT_PERSONAL = {
    "Signed up": dates("%Y-%m-%d"), "Renewal": dates("%d/%m/%Y"), "Last login": dates("%Y-%m-%d %H:%M"),
    "Trial ends": dates("%d.%m.%Y"), "Quarter": some("Q1", "Q2", "Q3", "Q4"), "Region": some("North", "South", "West"),
    "Plan": some("Basic", "Pro", "Enterprise"), "Seats": numbers(1, 500), "NPS": numbers(0, 11),
    "Budget 2026": numbers(1_000, 90_000), "Discount": [f"{n} %" for n in numbers(0, 30)],
    "Newsletter": some("yes", "no"), "Postal code": numbers(10_000, 99_999), "Product interest": some("A", "B", "C"),
    "Warehouse": some("01", "02", "07"), "Channel": some("Web", "Fair", "Partner"), "Page views": numbers(0, 9_000_000),
    "Company website": each("https://firm{}.example"), "Contract value": [f"{n} €" for n in numbers(100, 9_999)],
    "Fiscal year end": some("March", "June", "December"),
}


def judged(columns: dict[str, list[str]]) -> dict[str, bool]:
    return {header: infer_custom(header, encode(pd.Series(values, dtype="str"))).personal
            for header, values in columns.items()}


def test_columns_that_identify_people_are_found_and_few_others() -> None:
    found, mistaken = judged(PERSONAL), judged(NOT_PERSONAL)
    assert len(found) + len(mistaken) == 40
    recall = np.mean(list(found.values()))
    precision = sum(found.values()) / (sum(found.values()) + sum(mistaken.values()))
    assert recall >= 0.95, [header for header, yes in found.items() if not yes]
    assert precision >= 0.85, [header for header, yes in mistaken.items() if yes]


def test_dates_are_not_taken_for_phone_numbers() -> None:
    written = {header: values for columns in (PERSONAL, NOT_PERSONAL) for header, values in columns.items()
               if values[0].count("-") == 2 or values[0].count("/") == 2 or values[0].count(".") == 2}
    kinds = {header: infer_custom(header, encode(pd.Series(values, dtype="str"))).kind
             for header, values in written.items()}
    assert len(kinds) >= 6 and Kind.PHONE not in kinds.values()
