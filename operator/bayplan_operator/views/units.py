"""Numbers with their units, for readers."""


def seconds(value: float | None) -> str:
    """0.4 s, 21 s, 3 min 20 s, 2 h 5 min."""
    if value is None:
        return ""
    if value < 10 and abs(value - round(value)) >= 0.05:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 120:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


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
