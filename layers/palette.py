"""Colours, once for all layers. Red is for stations and the brand; nothing else is red."""

# Sequential ramps after ColorBrewer (Brewer 2003), safe for colour-blind readers; light to dark.
TEAL = ("#eef8f4", "#cdebe1", "#9fd8c6", "#62bda1", "#2b977b", "#0a6b55")
BLUES = ("#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c")
PURPLES = ("#f2f0f7", "#dadaeb", "#bcbddc", "#9e9ac8", "#756bb1", "#54278f")
VIOLETS = ("#9b7fd4", "#6d48b5", "#3f1f7d")  # rings of the service area
ROUTE = "#0b7285"

# The same colours on a dark ground: low recedes into it and high shines, so that order is kept.
DARK = {
    **dict(
        zip(TEAL, ("#1b2b2d", "#1f4a46", "#26695f", "#358f7d", "#58b39b", "#8fd9c4"), strict=True)
    ),
    **dict(
        zip(BLUES, ("#1a2637", "#21436a", "#2a6098", "#4386c0", "#78b0df", "#bcdcf6"), strict=True)
    ),
    **dict(
        zip(
            PURPLES, ("#272433", "#3d3562", "#57498c", "#7867b6", "#a193d6", "#d5cbf5"), strict=True
        )
    ),
    **dict(zip(VIOLETS, ("#8a76bf", "#ab90e6", "#cdb4ff"), strict=True)),
    ROUTE: "#54c6d6",
}

BRAND_RED = "#b3202a"
UNKNOWN = "#b9bec5"
LEFT_OUT = "#8d949e"
INK = ("#24303d", "#e6e9ee")  # light theme, dark theme


def ramp(colours: tuple[str, ...], n: int) -> list[str]:
    """Return n colours of a ramp, evenly spread, the darkest always among them."""
    if n == 1:
        return [colours[-1]]
    last = len(colours) - 1
    return [colours[round(i * last / (n - 1))] for i in range(n)]
