"""What is read out of a server's JSON, which may be anything: a wrong type is a missing value."""

from __future__ import annotations

import json
import re

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def at(value: object, *path: str | int) -> object:
    """Return what lies at ``path`` (keys of objects, places in lists), or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def text_at(value: object, *path: str | int) -> str:
    """Return the text at ``path``, or the empty text."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def count_at(value: object, *path: str | int) -> int | None:
    """Return the number at ``path`` where it is whole and not negative, or None."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    return None


def list_at(value: object, *path: str | int) -> list[object]:
    """Return the list at ``path``, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def complaint(body: object) -> str:
    """Return a server's own words out of the body of an error, in whatever shape they come."""
    for path in (("error", "message"), ("error",), ("message",), ("detail",)):
        if words := text_at(body, *path):
            return words
    if not isinstance(body, str | bytes):
        return json.dumps(body) if body else ""
    page = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        parsed = json.loads(page)
    except (ValueError, RecursionError):
        title = _TITLE.search(page)
        return title[1] if title else page
    return complaint(parsed) if isinstance(parsed, dict | list) else page
