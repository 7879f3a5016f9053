"""Reasons about demand and sites that are known here by number only, and elsewhere by name."""

from collections.abc import Sequence

from geo.errors import shown_ids
from geo.text import Text, counted

WEIGHT = Text("权重", "the weight")


class Reason(Text):
    """A sentence with the numbers of demand rows and site columns, which `named` says with names.

    `pattern` holds {demand}, {sites} and {weight} where the sentence speaks of them.
    """

    pattern: Text
    rows: tuple[int, ...]  # of demand
    sites: tuple[int, ...]  # columns

    def named(self, *, demand: Text, sites: Text, weight: Text) -> Text:
        """Return the sentence with other words for its demand rows, sites and weight."""
        zh = {"demand": demand.zh, "sites": sites.zh, "weight": weight.zh}
        en = {"demand": demand.en, "sites": sites.en, "weight": weight.en}
        return Text(self.pattern.zh.format(**zh), self.pattern.en.format(**en))


def reason(pattern: Text, *, rows: Sequence[int] = (), sites: Sequence[int] = ()) -> Reason:
    """Return the reason of a pattern, said with the numbers of the rows and sites it is about."""
    shown = shown_ids(rows)
    demand = Text(
        f"{len(rows)} 个需求点（{shown}）", f"{counted(len(rows), 'demand point')} ({shown})"
    )
    columns = Text(" 与 ".join(map(str, sites)), " and ".join(map(str, sites)))
    bare = Reason(*pattern)
    bare.pattern, bare.rows, bare.sites = pattern, tuple(rows), tuple(sites)
    said = Reason(*bare.named(demand=demand, sites=columns, weight=WEIGHT))
    said.pattern, said.rows, said.sites = bare.pattern, bare.rows, bare.sites
    return said
