"""Which tests need a real browser."""

import pytest

from benchmarks.chromium import BROWSER, DRIVER, WANTED

needs_browser = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=WANTED)
