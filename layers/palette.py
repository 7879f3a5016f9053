"""Colours, once for all layers. Red is for stations and the brand; nothing else is red."""

# ColorBrewer sequential ramps (Brewer 2003), safe for colour-blind readers; light to dark.
TEAL = ("#edf8fb", "#ccece6", "#99d8c9", "#66c2a4", "#2ca25f", "#006d2c")
BLUES = ("#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c")
PURPLES = ("#f2f0f7", "#dadaeb", "#bcbddc", "#9e9ac8", "#756bb1", "#54278f")

BRAND_RED = "#c8161d"
UNKNOWN = "#b9bec5"
LEFT_OUT = "#8d949e"
INK = ("#24303d", "#e6e9ee")  # light theme, dark theme


def ramp(colours: tuple[str, ...], n: int) -> list[str]:
    """Return n colours of a ramp, evenly spread, the darkest always among them."""
    if n == 1:
        return [colours[-1]]
    last = len(colours) - 1
    return [colours[round(i * last / (n - 1))] for i in range(n)]
