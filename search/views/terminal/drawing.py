"""The process that runs kaleido for `browser.py`, as a script of its own: `drawing.py DESCRIPTOR`.

Each message on the connection is a figure with kaleido's options; the answer is the drawing, or the
name and the reason of the error after which this process ends. It imports nothing of klayer, so
that it starts fast.
"""

import asyncio
import sys
from contextlib import suppress
from multiprocessing.connection import Connection


async def draw_all(connection: Connection) -> None:
    """Draw what is asked for, all of it with one browser, until the connection is closed."""
    loop = asyncio.get_running_loop()
    figure, options = await loop.run_in_executor(None, connection.recv)
    try:
        import kaleido

        # The time limit is the other process's.
        async with kaleido.Kaleido(timeout=None, mathjax=False) as browser:
            while True:
                connection.send(await browser.calc_fig(figure, opts=options))
                figure, options = await loop.run_in_executor(None, connection.recv)
    except EOFError:
        return
    except Exception as error:
        reason = error.args[0] if error.args else "of an error that says nothing more"
        connection.send((type(error).__name__, str(reason).rstrip(".")))


if __name__ == "__main__":
    with suppress(EOFError, OSError):  # nobody waits for an answer any more
        asyncio.run(draw_all(Connection(int(sys.argv[1]))))
