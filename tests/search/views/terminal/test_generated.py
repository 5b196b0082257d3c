"""The generated section of a page, and pages that have no place for one."""

from pathlib import Path

import pytest

from search.views.terminal.generated import PageError, check, markers, write

BEGIN, END = markers("klayer reproduce")


def test_only_the_section_of_the_command_is_rewritten(tmp_path: Path) -> None:
    page, (other, _) = tmp_path / "page.md", markers("make bench")
    page.write_text(f"{other}\n\n{BEGIN}\nold\n{END}\n\nbehind\n", "utf-8")
    write(page, "new", "klayer reproduce")
    assert page.read_text("utf-8") == f"{other}\n\n{BEGIN}\n\nnew\n\n{END}\n\nbehind\n"


def test_a_page_of_other_bytes_than_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_bytes(b"\xff\xfe")
    with pytest.raises(PageError, match="cannot be read"):
        check(tmp_path / "page.md", "klayer reproduce")
