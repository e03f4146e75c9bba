"""Advice in one sentence."""

from collections.abc import Callable

from bayplan.foresight.shards.advice import EFFICIENCY, Advice
from bayplan.foresight.shards.curves import Curves

_ROUNDING = 1e-9


def _plain(seconds: float) -> str:
    return f"{seconds:.4g} s"


def explain(advice: Advice, spell: Callable[[float], str] = _plain) -> str:
    """What was weighed, and why not more shards. `spell`: how seconds are written."""
    splitting, shards = advice.splitting, advice.shards
    everywhere = f" ({_percent(splitting.serial)} of it in every shard)" if splitting.serial else ""
    weighed = [f"{spell(splitting.work)} of work{everywhere}"]
    if splitting.startup:
        weighed.append(f"{spell(splitting.startup)} start-up")
    if splitting.merge:
        weighed.append(f"{spell(splitting.merge)} to join each")
    weighed.append(_places(advice))
    return f"{shards} shard{'s' if shards > 1 else ''}, {spell(advice.seconds)}: {', '.join(weighed)}; {_why_not_more(advice)}"


def _places(advice: Advice) -> str:
    places = advice.places
    if not places.known:
        return "no node for it yet, so as many places as shards"
    count = f"{places.count} place{'s' if places.count > 1 else ''}"
    if len(places.speeds) == 1 and places.speeds[0] == 1.0:
        return count
    return f"{count} ({', '.join(f'{n} of speed {s:g}' for n, s in zip(places.slots, places.speeds, strict=True) if n)})"


def _why_not_more(advice: Advice) -> str:
    splitting, shards = advice.splitting, advice.shards
    if splitting.least == splitting.most:
        return "no other number is allowed"
    if shards == splitting.least > 1:
        return "fewer are not allowed"
    if advice.relaxed:
        return f"with {advice.fast} it would be faster, but not the graph as a whole"
    if shards == splitting.most:
        return "more are not allowed"
    best = float(Curves.of([splitting], [advice.places]).shortest()[0])
    if advice.seconds <= best * (1 + _ROUNDING):
        return "more would not be faster"
    if advice.seconds <= best * (1 + advice.tolerance):
        return f"more would save less than {_percent(advice.tolerance)}"
    limit = f"of more than {advice.efficient}, less than {_percent(EFFICIENCY)} of the time would be work"
    if shards == advice.efficient:
        return limit
    return f"up to {advice.efficient} would save less than {_percent(advice.tolerance)}, and {limit}"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
