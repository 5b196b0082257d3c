"""Lines are whole where nobody looks, and wrapped between words on a terminal."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from search.runtime.lines import HarmlessConsole, say, say_labelled, say_table

LONG = "learning_rate: [0.0001, 1] → [0.004149, 1]: spanned by the best [8]"


def printed(width: int, *, terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None)
    return console, file


def test_a_pipe_gets_one_line() -> None:
    console, file = printed(20, terminal=False)
    say(console, LONG, indent=5)
    assert file.getvalue() == f"     {LONG}\n"


def test_a_terminal_gets_whole_words_under_their_own_beginning() -> None:
    console, file = printed(30, terminal=True)
    say(console, LONG, indent=5)
    lines = file.getvalue().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("     ") and len(line) <= 30 for line in lines)
    assert " ".join(line.strip() for line in lines) == LONG


def test_the_rest_of_a_long_line_hangs_further_right() -> None:
    console, file = printed(30, terminal=True)
    say(console, LONG, indent=1, hanging=4)
    first, *rest = file.getvalue().splitlines()
    assert first.startswith(" learning_rate")
    assert rest
    assert all(line.startswith("     ") and len(line) <= 30 for line in rest)


def test_a_long_label_is_no_part_of_what_it_is_of() -> None:
    console, file = printed(80, terminal=False)
    say_labelled(console, [("Validation balanced accuracy", "88.00 %")])
    assert file.getvalue() == "Validation balanced accuracy 88.00 %\n"


def test_labels_stand_before_what_they_are_of() -> None:
    console, file = printed(20, terminal=False)
    say_labelled(console, [("Test accuracy", "90.00 %"), ("  of [3] voting", LONG)])
    first, second = file.getvalue().splitlines()
    assert first.index("90.00 %") == second.index("learning_rate") == 28


def test_on_a_terminal_the_second_column_wraps() -> None:
    console, file = printed(60, terminal=True)
    say_labelled(console, [("Why", LONG)])
    lines = file.getvalue().splitlines()
    assert len(lines) > 1
    assert all(not line[:28].strip() for line in lines[1:])


def table() -> Table:
    made = Table("search", "at", box=None)
    made.add_row("a-name-of-a-search-of-forty-letters-or-so", LONG)
    return made


def test_a_row_of_a_table_is_one_line_in_a_pipe() -> None:
    console, file = printed(20, terminal=False)
    say_table(console, table())
    _, row = file.getvalue().splitlines()
    assert row.split(maxsplit=1) == ["a-name-of-a-search-of-forty-letters-or-so", f"{LONG} "]


@pytest.mark.parametrize(("width", "widest"), [(20, 60), (60, 60), (80, 80)])
def test_a_narrow_terminal_wraps_what_could_not_be_read_in_it(width: int, widest: int) -> None:
    console, file = printed(width, terminal=True)
    say_table(console, table())
    assert max(map(len, file.getvalue().splitlines())) == widest
    console, file = printed(width, terminal=True)
    small = Table("a", box=None)
    small.add_row("b")
    say_table(console, small)
    assert file.getvalue() == " a \n b \n"


def test_no_control_character_of_what_is_printed_reaches_a_terminal() -> None:
    """The console's own, for colours here, do."""
    file = io.StringIO()
    console = HarmlessConsole(file=file, width=40, force_terminal=True, color_system="standard")
    evil = "\x1b]0;title\x07\x1b[2J"
    say(console, evil, style="red")
    console.print(evil, markup=False)
    made = Table("a", box=None)
    made.add_row(evil)
    say_table(console, made)
    assert "\x1b[31m" in file.getvalue()
    for raw in ("\x1b]", "\x1b[2J", "\x07"):
        assert raw not in file.getvalue()
    assert file.getvalue().count("title") == 3
