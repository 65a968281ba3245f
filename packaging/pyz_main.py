"""What runs first in landiag.pyz: a Python that is too old, or not whole, reads it too, and gets one sentence."""

import sys

USAGE = 2


def main() -> None:
    """Start landiag, or say in one sentence why this Python cannot."""
    if sys.version_info < (3, 10):
        _stop("it needs Python 3.10 or newer; this is %d.%d" % sys.version_info[:2])
    try:
        import pyz_unpack
    except ImportError as error:
        _stop("this Python lacks a part of its standard library (%s): install the whole of it" % error.name)
    try:
        start = pyz_unpack.unpacked()
    except pyz_unpack.Stop as stop:
        _stop(str(stop))
    start()


def _stop(sentence: str) -> None:
    sys.stderr.write("landiag.pyz: " + sentence + "\n")
    sys.exit(USAGE)


if __name__ == "__main__":
    main()
