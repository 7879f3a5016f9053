"""Where to look a name, a door, a road and a community up: the gazetteer's tables, made once."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geo.geocode.address import Address, division_stem
from geo.geocode.evidence import Frequencies
from geo.geocode.index import NameIndex
from geo.geocode.levels import MatchLevel
from geo.geocode.names import Name
from geo.geocode.places import Place, distance_m, metres
from geo.geocode.tokens import Label

_WIDEST_ROAD_M = 8000.0  # places of one road name that lie farther apart are several roads

_WIDEST_CROSSING_M = 500.0  # places of two roads nearer than this lie at their crossing


class Tables:
    """The places by everything that an address says about them. Read-only once made."""

    def __init__(self, places: Sequence[Place]) -> None:
        """Make the tables of some places."""
        self.places = tuple(places)
        self.frequencies = Frequencies(places)
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.by_base: dict[str, dict[Name, list[int]]] = defaultdict(dict)
        self.by_door: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.by_road: dict[str, list[int]] = defaultdict(list)
        self.by_community: dict[str, list[int]] = defaultdict(list)
        by_stem: dict[str, dict[Name, list[int]]] = defaultdict(dict)
        for place in self.places:
            for name in place.names:
                if place.number not in self.by_key[name.key]:
                    self.by_key[name.key].append(place.number)
                numbers = self.by_base[name.base].setdefault(name, [])
                numbers.append(place.number)
                by_stem[name.stem][name] = numbers
            for door in sorted(place.doors):
                self.by_door[door].append(place.number)
            for road in sorted(place.roads):
                self.by_road[road].append(place.number)
            for stem in sorted(place.divisions.get(Label.COMMUNITY, ())):
                self.by_community[stem].append(place.number)
        self.index = NameIndex(sorted(by_stem))
        self.names_of_stem = [by_stem[stem] for stem in self.index.names]
        self.longest_name = max(map(len, self.by_key), default=0)
        self._corrected: dict[str, str] = {}

    @cached_property
    def roads(self) -> list[str]:
        """Return the known roads, sorted."""
        return sorted(self.by_road)

    def names_called(self, name: Name) -> dict[Name, list[int]]:
        """Return the names that differ from one in kind or part only, with their places."""
        return dict(self.by_base.get(name.base, {}))

    def road_of(self, road: str) -> str:
        """Return the known road that a road as said means: a part left off before it, one slip."""
        if road in self.by_road or not road:
            return road
        if road not in self._corrected:
            self._corrected[road] = self._nearest_road(road)
        return self._corrected[road]

    def _nearest_road(self, road: str) -> str:
        for start in range(1, len(road) - 2):
            if road[start:] in self.by_road:
                return road[start:]
        longer = [known for known in self.roads if known.endswith(road)] if len(road) > 2 else []
        if len(longer) == 1:
            return longer[0]
        found = process.extract(road, self.roads, scorer=OSA.distance, score_cutoff=1, limit=2)
        is_clear = len(found) == 1 and len(road) >= 4
        return str(found[0][0]) if is_clear else road

    def places_at_doors(self, address: Address) -> list[int]:
        """Return the places at the road numbers that an address names."""
        return [
            number
            for door in address.roads
            if door[0] and door[1]
            for number in self.by_door.get(door, ())
        ]

    def places_on_roads(self, address: Address) -> list[Place]:
        """Return the places on the roads of an address; none if they may be several roads."""
        for road, _ in address.roads:
            places = [self.places[number] for number in self.by_road.get(road, ())] if road else []
            county = division_stem(address.divisions.get(Label.COUNTY, ""))
            within = [p for p in places if county and county in p.divisions.get(Label.COUNTY, ())]
            places = within or places
            if places and _spread_m(places) <= _WIDEST_ROAD_M:
                return places
        return []

    def crossing_of(self, address: Address) -> tuple[float, float, str] | None:
        """Return a position between the two nearest places of two roads that cross, if near."""
        known = [road for road, _ in address.roads if road in self.by_road]
        if len(known) < 2 or known[0] == known[1]:
            return None
        first, second = (self.by_road[road] for road in known[:2])
        lon = np.array([place.lon for place in self.places])
        lat = np.array([place.lat for place in self.places])
        xy = metres(lon[first + second], lat[first + second])
        apart = np.linalg.norm(xy[: len(first), None] - xy[None, len(first) :], axis=2)
        one, other = np.unravel_index(int(apart.argmin()), apart.shape)
        if apart[one, other] > _WIDEST_CROSSING_M:
            return None
        pair = [first[one], second[other]]
        return float(lon[pair].mean()), float(lat[pair].mean()), "与".join(known[:2])

    def places_in_community(self, address: Address) -> list[Place]:
        """Return the places of the community that an address names."""
        stem = division_stem(address.divisions.get(Label.COMMUNITY, ""))
        places = [self.places[number] for number in self.by_community.get(stem, ())]
        return places if places and _spread_m(places) <= _WIDEST_ROAD_M else []

    def middle_of(
        self, places: list[Place], address: Address, level: MatchLevel
    ) -> tuple[float, float, str]:
        """Return a position that stands for a road or a community: of its middlemost place.

        A place that is the road or the community itself comes first. Nothing is interpolated
        between numbers: what is known is the road.
        """
        own = [place for place in places if place.level is level]
        lon, lat = np.array([p.lon for p in places]), np.array([p.lat for p in places])
        middle = np.hypot(lon - np.median(lon), lat - np.median(lat)).argmin()
        place = own[0] if own else places[int(middle)]
        if level is MatchLevel.ROAD:
            text = next(road for road, _ in address.roads if road in place.roads)
        else:
            text = address.divisions[Label.COMMUNITY]
        return place.lon, place.lat, text


def _spread_m(places: list[Place]) -> float:
    west, east = min(p.lon for p in places), max(p.lon for p in places)
    south, north = min(p.lat for p in places), max(p.lat for p in places)
    return distance_m(west, south, east, north)
