"""Numbers with their units, for readers."""


def seconds(value: float | None) -> str:
    """As Kubernetes writes durations, in at most two units: 0.4s, 92s, 3m20s, 2h5m, 2d4h; empty: it is unknown."""
    if value is None:
        return ""
    if value < 0:
        return f"-{seconds(-value)}"
    if value < 10 and abs(value - round(value)) >= 0.05:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 120:
        return f"{whole}s"
    if whole < 3600:
        return _two(whole, 60, "ms")
    minutes = round(whole / 60)
    return _two(minutes, 60, "hm") if minutes < 2 * 1440 else _two(round(minutes / 60), 24, "dh")


def _two(whole: int, size: int, names: str) -> str:
    """An amount in two units: `whole` counts the small one, `size` of them make a large one, `names` holds both letters."""
    large, small = divmod(whole, size)
    return f"{large}{names[0]}" + (f"{small}{names[1]}" if small else "")


def percent(share: float | None) -> str:
    """42 %; <1 % for what is not nothing."""
    if share is None:
        return "-"
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def count(number: int, noun: str) -> str:
    """1 task, 2 tasks, 2 retries."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"


def bars(shares: tuple[float, ...]) -> str:
    """Each share (0 to 1) as one character, from a space to a full block."""
    return "".join(_LEVELS[0 if share <= 0 else max(1, min(8, round(share * 8)))] for share in shares)


_LEVELS = " ▁▂▃▄▅▆▇█"
