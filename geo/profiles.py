"""Speed profiles: how fast people walk, on the level, on steps and over crossings."""

from dataclasses import dataclass

from geo.errors import ReachError
from geo.text import Text


@dataclass(frozen=True)
class SpeedProfile:
    """One way of walking. Times follow from it alone: length / speed, steps, crossings."""

    name: str
    title: Text
    speed_m_s: float
    steps_factor: float = 1.0  # time on steps = steps_factor x time on the level
    crossing_delay_s: float = 0.0  # at a marked crossing without signals
    signal_delay_s: float = 0.0  # at a signalised crossing, mean over the cycle
    uses_steps: bool = True


PROFILES = {
    profile.name: profile
    for profile in (
        # GB 50180-2018, 2.0.2 note: 15 min = 800-1000 m. A planning norm in metres walked, so
        # that waiting at crossings is inside the 1.11 m/s and is not charged again.
        SpeedProfile("standard", Text("国标步速", "Standard"), 1000.0 / 900.0),
        # Steps: Fujiyama & Tyler (2004), horizontal speed on stairs about half of that on the
        # level. Signals: mean delay (C - g)^2 / 2C of HCM 2010, eq. 18-71, C = 90 s, g = 30 s.
        SpeedProfile("adult", Text("成年人", "Adult"), 1.2, 2.0, 4.0, 20.0),
        SpeedProfile("elderly", Text("老年人", "Elderly"), 0.9, 2.5, 6.0, 20.0),
        SpeedProfile(
            "wheelchair", Text("轮椅", "Wheelchair"), 0.8, 1.0, 6.0, 20.0, uses_steps=False
        ),
    )
}


def speed_profile(profile: str | SpeedProfile) -> SpeedProfile:
    """Return the profile of that name, or the given one.

    Raises
    ------
    ReachError
        No profile has that name.
    """
    if isinstance(profile, SpeedProfile):
        return profile
    if profile not in PROFILES:
        names = ", ".join(PROFILES)
        raise ReachError(
            Text(
                f"没有名为“{profile}”的步速；可选：{names}。",
                f"There is no speed profile {profile!r}; choose one of {names}.",
            )
        )
    return PROFILES[profile]
