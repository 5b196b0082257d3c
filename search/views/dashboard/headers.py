"""Headers that tell a browser what pages may do: nothing but what they need."""

from collections.abc import Sequence

from werkzeug import datastructures

Headers = Sequence[tuple[str, str]]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTHING = "default-src 'none'"
NEVER_FRAMED = {"frame-ancestors": "'none'", "base-uri": "'self'", "form-action": "'self'"}


def secured(headers: Headers, policy: str | None = None) -> list[tuple[str, str]]:
    """The headers of a response, with those that every response has.

    What may be kept by a browser is asked for again; what has no mark to compare it by is not kept.

    Args:
        headers: As the application wrote them. A policy of its own stays, and is made stricter.
        policy: The Content-Security-Policy where it wrote none; None for one that allows nothing.
    """
    allowed = (one for one in headers if not one[0].lower().startswith("access-control-"))
    said = datastructures.Headers(allowed)
    known = "ETag" in said or "Last-Modified" in said
    said.setdefault("Cache-Control", "no-cache" if known else "no-store")
    stated = said.get("Content-Security-Policy") or policy or NOTHING
    said.update(ALWAYS | {"Content-Security-Policy": _never_framed(stated)})
    return said.to_wsgi_list()


def _never_framed(policy: str) -> str:
    directives = [part.strip() for part in policy.split(";") if part.strip()]
    said = {part.split()[0].lower() for part in directives}
    more = [f"{name} {value}" for name, value in NEVER_FRAMED.items() if name not in said]
    return "; ".join([*directives, *more])
