"""What a browser calls itself, in a few words people recognise: ``Firefox on Linux``."""

from __future__ import annotations

# the first that fits: most browsers also name those they descend from
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Vivaldi", "Vivaldi"), ("SamsungBrowser", "Samsung Internet"),
            ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chromium", "Chromium"),
            ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"), ("python", "A Python program"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
           ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"))
UNKNOWN = "An unknown program"


def device_name(user_agent: str | None) -> str:
    """Shorten a User-Agent header to what tells one's own devices apart; nothing else of it is kept."""
    said = user_agent or ""
    browser = next((name for mark, name in BROWSERS if mark in said), UNKNOWN)
    system = next((name for mark, name in SYSTEMS if mark in said), "")
    return f"{browser} on {system}" if system else browser
