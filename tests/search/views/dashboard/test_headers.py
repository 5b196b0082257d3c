"""The headers of every response."""

from search.views.dashboard.headers import secured


def test_every_response_says_what_a_page_may_do() -> None:
    found = dict(secured([("Content-Type", "text/html")]))
    assert found == {
        "Content-Type": "text/html",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'self'; "
        "form-action 'self'",
    }


def test_a_policy_of_the_page_s_own_stays_and_is_made_stricter() -> None:
    own = secured([("content-security-policy", "default-src 'self'; base-uri 'none';")], "script")
    assert [value for name, value in own if name.lower() == "content-security-policy"] == [
        "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ]
    given = dict(secured([], "default-src 'self'"))["Content-Security-Policy"]
    assert given.startswith("default-src 'self'; frame-ancestors 'none'")


def test_what_an_application_says_of_caching_stays_and_what_has_a_mark_is_asked_for_again() -> None:
    assert dict(secured([("Cache-Control", "max-age=9")]))["Cache-Control"] == "max-age=9"
    for mark in ("ETag", "Last-Modified"):
        assert dict(secured([(mark, "1")]))["Cache-Control"] == "no-cache"


def test_no_response_is_for_other_sites_or_to_be_framed() -> None:
    found = secured([("Access-Control-Allow-Origin", "*"), ("x-frame-options", "ALLOWALL")])
    names = [name.lower() for name, _ in found]
    assert "access-control-allow-origin" not in names
    assert names.count("x-frame-options") == 1
    assert dict(found)["X-Frame-Options"] == "DENY"
