"""A plot of numbers in groups, as SVG: one dot for each, a bar at their mean."""

import math
import statistics
from collections.abc import Mapping, Sequence

from spacy_biomedplm.visual.marks import clean

# Dark enough on white; told apart also by people who see fewer colours (Okabe & Ito, 2008).
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_WIDTH, _LEFT, _RIGHT, _ROW, _GAP, _TOP = 760, 190, 30, 22, 14, 46


def render_dot_plot(title: str, values: Mapping[str, Mapping[str, Sequence[float]]], *, unit: str) -> str:
    """Return a plot that stands alone.

    title (str): Heading.
    values (Mapping): By group (a row of the plot), by series (a colour), the numbers; all finite, at least one.
    unit (str): What the axis counts.
    RETURNS (str): SVG without scripts and without anything fetched from elsewhere.
    """
    series = list(dict.fromkeys(name for group in values.values() for name in group))
    numbers = [number for group in values.values() for found in group.values() for number in found]
    ticks = axis_ticks(min(numbers), max(numbers))
    span = ticks[-1] - ticks[0]

    def x_of(number: float) -> float:
        return _LEFT + (number - ticks[0]) / span * (_WIDTH - _LEFT - _RIGHT)

    top = _TOP + _ROW * len(series)
    parts, y = [], float(top)
    for group, found in values.items():
        middle = y + _ROW * len(found) / 2
        parts.append(f'<text x="{_LEFT - 12}" y="{middle + 4:.1f}" text-anchor="end">{clean(group)}</text>')
        for name, row in found.items():
            parts.append(_dots([x_of(number) for number in row], y + _ROW / 2, _color(series.index(name))))
            y += _ROW
        y += _GAP
    axis = [
        f'<line x1="{x_of(tick):.1f}" x2="{x_of(tick):.1f}" y1="{top - 4}" y2="{y:.1f}" stroke="#d0d4da"/>'
        f'<text x="{x_of(tick):.1f}" y="{y + 16:.1f}" text-anchor="middle" fill="#5f6b7a">{tick:g}</text>'
        for tick in ticks
    ]
    legend = [
        f'<circle cx="{_LEFT}" cy="{_TOP + _ROW * place - 4}" r="5" fill="{_color(place)}"/>'
        f'<text x="{_LEFT + 12}" y="{_TOP + _ROW * place}">{clean(name)}</text>'
        for place, name in enumerate(series)
    ]
    height = math.ceil(y + 44)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
            f' height="{height}" font-family="system-ui, sans-serif" font-size="13" role="img">',
            f"<title>{clean(title)}</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            f'<text x="12" y="22" font-size="15" font-weight="600">{clean(title)}</text>',
            *legend,
            *axis,
            *parts,
            f'<text x="{_WIDTH - _RIGHT}" y="{height - 8}" text-anchor="end" fill="#5f6b7a">{clean(unit)}</text>',
            "</svg>",
            "",
        ]
    )


def axis_ticks(low: float, high: float) -> list[float]:
    """Return round numbers that include two others.

    low, high (float): Finite.
    RETURNS (list[float]): Three to eight, ascending, the first at most low, the last at least high.
    """
    if high <= low:
        margin = abs(low) / 10 or 1.0
        low, high = low - margin, high + margin
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _dots(places: Sequence[float], y: float, color: str) -> str:
    mean = statistics.fmean(places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}" fill-opacity=".55"/>' for x in places)
    bar = f'<line x1="{mean:.1f}" x2="{mean:.1f}" y1="{y - 8:.1f}" y2="{y + 8:.1f}" stroke="{color}" stroke-width="3"/>'
    return dots + bar


def _color(place: int) -> str:
    return _COLORS[place % len(_COLORS)]
