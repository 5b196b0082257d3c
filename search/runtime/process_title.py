"""Passwords taken out of the command line of this process, which everybody on a machine may read.

It is rewritten once klayer runs, so it cannot be hidden for the moments until then, nor from the
shell's history or from whoever records what is started. A password in the environment or in a file
is not seen there at all.
"""

from collections.abc import Sequence

from search.runtime.passwords import without_password


def hide_passwords(command: Sequence[str]) -> bool:
    """Hide the passwords of URLs in this process's command line, and say whether there were any.

    Args:
        command: The whole command line, `sys.orig_argv`.
    """
    shown = [without_password(argument) for argument in command]
    if shown == list(command):
        return False
    from setproctitle import setproctitle  # only here: most commands have nothing to hide

    setproctitle(" ".join(shown))
    return True
