"""Checks an exported audit trail without the program that wrote it: python verify_export.py FILE [PUBLIC_KEY].

Give the public key you were told at another time (`leadscore audit key`): that in the file proves nothing by itself.
Only the standard library is used; the signatures are Ed25519 as in RFC 8032. It ends with 0 when all is well, else 3.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256, sha512
from typing import Any

NAMES = ("seq", "at", "client_id", "actor", "action", "object", "detail", "prev", "mac")
GENESIS = "0" * 64
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def check(lines: Iterator[str], key: str | None = None) -> dict[str, Any]:
    """Read an export line by line and name the first record that is not as it was written."""
    head = _parsed(next(lines, "{}"))
    key = key or str(head.get("public_key", ""))
    digest, prev, number, last_good, end = bytes(32), GENESIS, 0, 0, ""
    for line in lines:
        if end:
            return _broken(number + 1, last_good, "Something has been added after the end.")
        entry = _parsed(line)
        if "checkpoint" in entry:
            seq, mac, _, sealed = (str(entry["checkpoint"]).split(" ") + [""] * 4)[:4]
            if not _signed(key, f"leadscore audit checkpoint {entry['checkpoint']}", entry.get("signature")):
                return _broken(number, last_good, f"The checkpoint after record {number} is not signed with this key.")
            if (seq, mac, sealed) != (str(number), prev, digest.hex()):
                return _broken(last_good + 1, last_good, f"Records {last_good + 1} to {number} are not those that were "
                               "signed at their checkpoint.")
            last_good = number
        elif "end" in entry:
            end = str(entry["end"])
            if not _signed(key, f"leadscore audit export {end}", entry.get("signature")):
                return _broken(last_good + 1, last_good, "The end is not signed with this key.")
        else:
            number += 1
            fields = [entry.get(name) for name in NAMES]
            digest = sha256(digest + json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).digest()
            if digest.hex() != entry.get("digest"):
                return _broken(number, last_good, f"Record {number} has been changed, removed, added or moved.")
            prev = str(entry["mac"])
    count, sealed, _, *verdict = (end.split(" ") + [""] * 4) if end else ("", "", "", "")
    if not end or (count, sealed) != (str(number), digest.hex()):
        return _broken(number + 1, last_good, f"Record {number + 1} and those after it have been cut off.")
    if verdict[0] != "ok":
        return _broken(int(verdict[2]), last_good, "The workbench found this when it wrote the file: "
                       f"record {verdict[2]} is not as it was written.")
    return {"records": number, "ok": True, "broken_at": None, "last_good_checkpoint": last_good, "reason": ""}


def _broken(at: int, last_good: int, reason: str) -> dict[str, Any]:
    return {"records": None, "ok": False, "broken_at": at, "last_good_checkpoint": last_good, "reason": reason}


def _parsed(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _signed(key: str, words: str, signature: Any) -> bool:
    """Check an Ed25519 signature (RFC 8032, section 5.1.7): [S]B = R + [k]A."""
    try:
        public, code = bytes.fromhex(key), bytes.fromhex(str(signature))
        a, r, s = _point(public), _point(code[:32]), int.from_bytes(code[32:], "little")
        if len(public) != 32 or len(code) != 64 or s >= Q:
            return False
    except ValueError:
        return False
    k = int.from_bytes(sha512(code[:32] + public + words.encode()).digest(), "little") % Q
    left, right = _times(s, BASE), _sum(r, _times(k, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def _sum(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        result = _sum(result, point) if number & 1 else result
        point, number = _sum(point, point), number >> 1
    return result


def _point(packed: bytes) -> Point:
    number = int.from_bytes(packed, "little")
    y, odd = number & (1 << 255) - 1, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or y >= P:
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = _point(bytes.fromhex("58" + "66" * 31))


def main() -> int:
    """Check the file that was named and say what was found."""
    with open(sys.argv[1], encoding="utf-8") as file:
        found = check(iter(file), sys.argv[2] if len(sys.argv) > 2 else None)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["ok"] else 3


if __name__ == "__main__":
    sys.exit(main())
