"""Commands that run without root's rights over files, so that modes hold for tests run as root too.

A process without the capabilities that root has over files is bound by modes as any owner of files
is, and still finds its Python and klayer, which may lie in root's own folder.
"""

import sys

# prctl(PR_CAPBSET_DROP, …): CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER. It fails
# for who is not root, and has none of these anyway.
_PROGRAM = """\
import ctypes, os, sys
for capability in (0, 1, 2, 3):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
WITHOUT_RIGHTS = (sys.executable, "-c", _PROGRAM)
"""What stands before a command's path and arguments; for Linux."""
