"""Bounded Dijkstra on a WalkGraph, in ticks. Compiled; no checks in here.

A search keeps its front in buckets about as wide as half an edge takes (Dial 1969; within a bucket
labels may be corrected, as in Meyer & Sanders 2003, so the order there does not matter). A node
whose label falls goes in anew, and the older entry is passed over when its turn comes.

The cost of a search depends on what it reaches and not on the size of the city: the work arrays
are as long as the graph but are reset only where a search touched them; origins are taken in
spatial order; a node's label lies beside the place of its arcs, so that these are on their way
into the cache as soon as the node is first reached.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.graph import FAR, WalkGraph
from geo.prefetch import prefetch

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Entries: TypeAlias = NDArray[np.signedinteger[Any]]
At = np.uintp  # an index that compiled code need not test for a negative one

NONE = -1
SITE_BITS = 26  # of a label, below the ticks, where a search asks for sites: 67 million of them
NO_LABEL = 2**62  # above every label, also with access legs added
FIRST_ENTRIES = 4096


class Arcs(NamedTuple):
    """The arcs of a WalkGraph: which nodes they lead to and over which edges."""

    head_ticks: Ids  # (A, 2) head and ticks side by side, for one look into memory
    edge: Ids  # (A,)


class Workspace(NamedTuple):
    """The arrays of a search, made once (`workspace_for`) and clean between searches.

    A label is a node's ticks; with sites it is the pair (ticks, site) in one number, so that the
    smaller label is the nearer site, and of two as near the lower one.
    """

    state: Entries  # (N + 1, 2) label (that of FAR where not reached) and first arc
    touched: Ids  # (N,) the nodes reached, in the order of first reaching
    bucket: Ids  # (B,) first entry of each bucket, NONE for an empty one
    entries: Entries  # (E, 3) next entry in the bucket, node, label
    bucket_bits: int  # of ticks in a bucket
    site_bits: int  # of a label: SITE_BITS, or 0 without sites


def arcs_of(graph: WalkGraph) -> Arcs:
    """Return what a search reads of a graph."""
    return Arcs(graph.arc_head_ticks, graph.arc_edge)


def workspace_for(graph: WalkGraph, limit: int, *, has_sites: bool = False) -> Workspace:
    """Return a clean workspace for searches as far as `limit` ticks; with sites if asked for.

    Allocated by NumPy, which asks the system for large pages: a search jumps about in it.
    """
    kind = np.int64 if has_sites else np.int32
    site_bits = SITE_BITS if has_sites else 0
    state = np.empty((len(graph.node) + 1, 2), kind)
    state[:, 0] = FAR << site_bits
    state[:, 1] = graph.arc_start
    return Workspace(
        state,
        np.empty(len(graph.node), np.int32),
        np.full((limit >> graph.bucket_bits) + 2, NONE, np.int32),
        np.empty((FIRST_ENTRIES, 3), kind),
        graph.bucket_bits,
        site_bits,
    )


def ticks_of(work: Workspace) -> Ids:
    """Return the ticks of all routing nodes (N,) after a search, FAR where not reached."""
    return (work.state[:-1, 0] >> work.site_bits).astype(np.int32)


@njit(cache=True, nogil=True)
def search(  # noqa: PLR0915 - one pass, compiled; a split would copy its state
    arcs: Arcs, seeds: Ids, seed_ticks: Ints, seed_site: Ids, limit: int, work: Workspace
) -> int:
    """Walk from the seeds as far as the limit; return how many nodes were touched.

    Afterwards `work.state` holds the labels of the nodes in `work.touched`; `clean` them before
    the next search. `limit` must be less than FAR and no more than the workspace was made for.
    `seed_site` counts in a workspace for sites only.
    """
    state, touched, bucket, entries = work.state, work.touched, work.bucket, work.entries
    site_bits = work.site_bits
    to_bucket = site_bits + work.bucket_bits
    far, too_far = np.int64(FAR) << site_bits, np.int64(limit + 1) << site_bits
    n_touched, n_open, n_entries, free = 0, 0, 0, NONE
    here = len(bucket) - 1
    for i in range(len(seeds)):
        node, label = seeds[i], seed_ticks[i] << site_bits
        if site_bits > 0:
            label += seed_site[i]
        known = state[node, 0]
        if label >= known or label >= too_far:
            continue
        if known == far:
            touched[n_touched] = node
            n_touched += 1
        state[node, 0] = label
        entries = _with_room(entries, n_entries)
        into = label >> to_bucket
        _put(entries, n_entries, bucket, into, node, label)
        n_entries += 1
        n_open += 1
        here = min(here, into)
    while n_open > 0:
        entry = bucket[At(here)]
        if entry == NONE:
            here += 1
            continue
        bucket[At(here)] = entries[At(entry), 0]
        tail, start = At(entries[At(entry), 1]), np.int64(entries[At(entry), 2])
        entries[At(entry), 0], free = free, entry
        n_open -= 1
        if state[tail, 0] != start:
            continue  # it was reached sooner meanwhile
        for arc in range(state[tail, 1], state[tail + At(1), 1]):
            head = At(arcs.head_ticks[At(arc), 0])
            label = start + (np.int64(arcs.head_ticks[At(arc), 1]) << site_bits)
            known = state[head, 0]
            if label >= known or label >= too_far:
                continue
            if known == far:
                touched[At(n_touched)] = head
                n_touched += 1
                first = 2 * np.int64(state[head, 1])
                prefetch(arcs.head_ticks, first)
                prefetch(arcs.head_ticks, first + 6)  # the fourth arc, often on the next line
            state[head, 0] = label
            if free != NONE:
                slot, free = free, entries[At(free), 0]
            else:
                entries = _with_room(entries, n_entries)
                slot = n_entries
                n_entries += 1
            _put(entries, At(slot), bucket, At(label >> to_bucket), head, label)
            n_open += 1
    return n_touched


@njit(cache=True, nogil=True)
def _with_room(entries: Entries, n_used: int) -> Entries:
    """Return the entries, twice as many where all are used."""
    return entries if n_used < len(entries) else np.concatenate((entries, entries))


@njit(cache=True, nogil=True, inline="always")
def _put(entries: Entries, slot: int, bucket: Ids, into: int, node: int, label: int) -> None:
    """Put a node at the beginning of a bucket."""
    entries[slot, 0] = bucket[into]
    entries[slot, 1] = node
    entries[slot, 2] = label
    bucket[into] = slot


@njit(cache=True, nogil=True, inline="always")
def clean(work: Workspace, n_touched: int) -> None:
    """Make a workspace ready for the next search."""
    for i in range(n_touched):
        work.state[work.touched[i], 0] = np.int64(FAR) << work.site_bits


@njit(cache=True, nogil=True)
def reach_many(arcs: Arcs, sources: Ids, limit: int, work: Workspace) -> Ints:
    """Return how many nodes each source reaches within the limit."""
    counts = np.empty(len(sources), np.int64)
    at_once = np.zeros(1, np.int64)
    nobody = np.zeros(1, np.int32)
    for i in np.argsort(sources):
        counts[i] = search(arcs, sources[i : i + 1], at_once, nobody, limit, work)
        clean(work, counts[i])
    return counts
