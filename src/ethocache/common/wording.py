"""How numbers are said in the lines that people read."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 video`` or ``2 videos``.

    Parameters
    ----------
    one, many
        What is counted; `many` where an "s" does not make it.
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
