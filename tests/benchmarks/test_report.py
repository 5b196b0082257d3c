"""Reports: Markdown tables, and the generated section of a page."""

from pathlib import Path

import pytest

from benchmarks.report import BEGIN, END, Section, Table, check, write
from search.views.terminal.generated import PageError


def test_a_section_is_markdown() -> None:
    section = Section("Speed", [Table(["", "seconds"], [["a", "1"]])], notes=["By a clock."])
    assert section.text() == "### Speed\n\n|  | seconds |\n| --- | --- |\n| a | 1 |\n\nBy a clock."


def test_only_the_generated_section_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nbehind\n", "utf-8")
    for text in ("new", "newer"):
        write(page, text)
        assert page.read_text("utf-8") == f"before\n\n{BEGIN}\n\n{text}\n\n{END}\n\nbehind\n"


@pytest.mark.parametrize("text", ["", f"{BEGIN}\n", f"{END}\n{BEGIN}\n", 2 * f"{BEGIN}\n{END}\n"])
def test_a_page_without_a_place_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    with pytest.raises(PageError, match="expected a page with one line"):
        write(page, "new")
    assert page.read_text("utf-8") == text


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="found 0 and 0"):
        check(tmp_path / "missing.md")


def test_the_page_of_the_docs_has_a_place() -> None:
    check(Path(__file__).parents[2] / "docs" / "performance.md")
