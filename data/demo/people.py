"""Who lives in the demo town: households, residents and members, clumped as in life."""

import numpy as np
import pandas as pd

from data.demo.names import DUTIES, POSTS, community_name

LEVELS = {"old": (5, 7), "mid": (9, 12), "new": (16, 27), "lane": (1, 4)}  # from, below
FLATS_A_LEVEL = {"old": 4, "mid": 4, "new": 4, "lane": 1}
MEAN_HOUSEHOLDS = 22.7
MEMBER_KINDS = (("community", 0.77), ("in_service", 0.19), ("mobile", 0.04))
# Members per household relative to the mean: retired cadres in the old estates.
MEMBER_PULL = {"old": 1.9, "mid": 1.0, "new": 0.7, "lane": 0.5}
NO_HOMES_SHARE = 0.1  # of lane houses: shops, a clinic, a kindergarten
ELDERLY_SHARE = {"old": 0.31, "mid": 0.19, "new": 0.11, "lane": 0.27}


def people_of(buildings: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return levels, households, residents and elderly of each building (its index)."""
    kind = buildings["kind"]
    low = kind.map({k: v[0] for k, v in LEVELS.items()}).to_numpy()
    high = kind.map({k: v[1] for k, v in LEVELS.items()}).to_numpy()
    levels = random.integers(low, high)
    flats = levels * kind.map(FLATS_A_LEVEL).to_numpy()
    lived_in = flats * random.uniform(0.8, 0.98, len(buildings))
    no_homes = (kind == "lane").to_numpy() & (random.random(len(buildings)) < NO_HOMES_SHARE)
    lived_in[no_homes] = 0.0
    lived_in *= MEAN_HOUSEHOLDS / max(lived_in.mean(), 1.0)
    households = np.where(lived_in > 0, np.maximum(np.rint(lived_in), 1), 0).astype(int)
    residents = np.rint(households * random.uniform(2.3, 3.0, len(buildings))).astype(int)
    share = kind.map(ELDERLY_SHARE).to_numpy() * random.uniform(0.7, 1.3, len(buildings))
    return pd.DataFrame(
        {
            "levels": levels,
            "households": households,
            "residents": residents,
            "elderly": np.rint(residents * share).astype(int),
        },
        index=buildings.index,
    )


def members_of(
    buildings: pd.DataFrame, n_members: int, random: np.random.Generator
) -> pd.DataFrame:
    """Return the members, each with the key of the building and what office they hold.

    `buildings` has key, kind, households, compound and community. Some compounds hold many
    members and most few: the pull of a compound is a draw from a gamma distribution.
    """
    groups = buildings["compound"].fillna(-1).astype(int) + 1
    pull = random.gamma(0.9, 1.0, int(groups.max()) + 1) + 0.05
    weight = (
        buildings["households"].to_numpy(float)
        * buildings["kind"].map(MEMBER_PULL).to_numpy()
        * pull[groups]
    )
    if weight.sum() <= 0:
        weight = np.ones(len(buildings))
    home = np.sort(random.choice(len(buildings), n_members, p=weight / weight.sum()))
    names = np.array([name for name, _ in MEMBER_KINDS])
    kind = random.choice(names, n_members, p=np.array([share for _, share in MEMBER_KINDS]))
    community = buildings["community"].to_numpy()[home]
    branch = [
        f"{community_name(int(c))}第{n}党支部"
        for c, n in zip(community, random.integers(1, 4, n_members), strict=True)
    ]
    return pd.DataFrame(
        {
            "building_key": buildings["key"].to_numpy()[home],
            "kind": kind,
            "post": random.choice(np.array(POSTS), n_members),
            "party_duty": random.choice(np.array(DUTIES), n_members),
            "branch": branch,
        }
    )
