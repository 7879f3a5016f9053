"""Many sessions that change a control at the same moment: seconds to the answer, memory each.

The visitors are websocket clients on this machine (visitor.py): no browser shares the processors
with the server, but the clients do, and reading their answers is part of the seconds.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from cases import report
from serving import dashboard, make_demo_database
from visitor import Answer, Visitor

from geo.profiles import PROFILES
from views.state import DEFAULT, MINUTES, WEIGHTS, read_state

N_SESSIONS, N_ROUNDS, BAR_S, BAR_MB = 50, 9, 1.5, 5.0
PAUSE_S = 1.0  # between rounds: as long as it takes to look


class Choice:
    """The place of a visitor in the two controls; each change is of one, and to another value."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.minutes = MINUTES.index(DEFAULT.minutes)
        self.profile = list(PROFILES).index(DEFAULT.profile)
        self.weight = WEIGHTS.index(DEFAULT.weight)

    def set_minutes(self, option: int) -> Answer:
        """Choose a time limit."""
        self.minutes = option
        return self._require(self.visitor.choose("page.minutes", option))

    def set_profile(self, option: int) -> Answer:
        """Choose a walker."""
        self.profile = option
        return self._require(self.visitor.choose("page.profile", option))

    def set_weight(self, option: int) -> Answer:
        """Choose what is counted."""
        self.weight = option
        return self._require(self.visitor.choose("page.weight", option))

    def step(self, session: int, k: int) -> Answer:
        """Make the k-th change of a session.

        Mostly of the minutes; in every third round half of the sessions choose another walker,
        in the one before a quarter choose what is counted. No two changes need be alike.
        """
        if k % 3 == 1 and session % 4 == 0:
            return self.set_weight((self.weight + 1 + session // 4 % 4) % len(WEIGHTS))
        if k % 3 == 2 and session % 2:
            ahead = 1 + session // 2 % (len(PROFILES) - 1)
            return self.set_profile((self.profile + ahead) % len(PROFILES))
        ahead = 1 + session % (len(MINUTES) - 1)
        return self.set_minutes((self.minutes + ahead) % len(MINUTES))

    def _require(self, answer: Answer) -> Answer:
        """Fail unless the address bar says what was chosen."""
        said = read_state(answer.query)[0]
        wanted = (MINUTES[self.minutes], list(PROFILES)[self.profile], WEIGHTS[self.weight])
        if (said.minutes, said.profile, said.weight) != wanted:
            raise RuntimeError(f"Another choice was answered: {answer.query}")
        return answer


def all_at_once(work: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Start every piece of work at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], Answer]) -> Answer:
        gate.wait(30)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def rounds(choices: Sequence[Choice], n_rounds: int) -> list[list[Answer]]:
    """Let all sessions change a control at once, round after round.

    Equal choices must have got equal maps, whoever asked, and each session a map for its own.
    """
    maps: dict[tuple[int, int, int], bytes] = {}
    answers = []
    for k in range(n_rounds):
        work = [
            lambda choice=choice, s=s: choice.step(s, k)  # noqa: B023 - run in this round
            for s, choice in enumerate(choices)
        ]
        answers.append(all_at_once(work))
        for choice, answer in zip(choices, answers[-1], strict=True):
            chosen = choice.minutes, choice.profile, choice.weight
            if maps.setdefault(chosen, answer.map_bytes) != answer.map_bytes:
                raise RuntimeError("Two sessions with the same choices got different maps.")
        time.sleep(PAUSE_S)
    return answers


def share(values: Sequence[float], percent: int) -> float:
    """Return a percentile, the value itself rather than one between two."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process in MB, as Linux accounts it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    (line,) = (line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024 / 1e6


def settled_mb(pid: int, n_readings: int) -> float:
    """Return the least of some readings, 0.4 s apart, when nothing runs any more."""
    readings = []
    for _ in range(n_readings):
        time.sleep(0.4)
        readings.append(pss_mb(pid))
    return min(readings)


def cpu_s(pid: int) -> float:
    """Return the processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speed(address: str, pid: int, n_sessions: int, n_rounds: int) -> None:
    """Print the seconds of all changes; the server has just been started."""
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitor(address)) for _ in range(n_sessions)]
        opened = all_at_once([visitor.open for visitor in visitors])
        time.sleep(PAUSE_S)
        before = cpu_s(pid)
        answers = rounds([Choice(visitor) for visitor in visitors], n_rounds)
        used = cpu_s(pid) - before
    finished = [answer.finished_s for answers_of_round in answers for answer in answers_of_round]
    maps = [answer.map_s for answers_of_round in answers for answer in answers_of_round]
    of_round = [share([answer.finished_s for answer in one], 95) for one in answers]
    report(
        "sessions_speed",
        sessions=n_sessions,
        rounds=n_rounds,
        changes=len(finished),
        open_all_s=max(answer.finished_s for answer in opened),
        p50_s=statistics.median(finished),
        p95_s=share(finished, 95),
        max_s=max(finished),
        map_p50_s=statistics.median(maps),
        map_p95_s=share(maps, 95),
        p95_of_rounds_s=[round(value, 3) for value in of_round],  # the early ones fill the caches
        server_cpu_ms_a_change=used / len(finished) * 1e3,
        load_before=load,
        kb_a_change=sum(answer.n_bytes for one in answers for answer in one) / len(finished) / 1e3,
        bar_s=BAR_S,
        met=share(finished, 95) <= BAR_S,
    )


def memory(address: str, pid: int, n_sessions: int, n_rounds: int, *, tiny: bool = False) -> None:
    """Print the server's memory a session beyond the first.

    The first session goes through all choices, so that what sessions share is there; then the
    server's PSS is read, the others open the page and it is read again, they change controls as in
    `speed` and it is read once more, all of them connected. The larger difference is theirs.
    """
    n_readings = 1 if tiny else 5
    with ExitStack() as stack:
        first = stack.enter_context(Visitor(address))
        first.open()
        choice = Choice(first)
        for _ in () if tiny else PROFILES:
            choice.set_profile((choice.profile + 1) % len(PROFILES))
            for _ in MINUTES:
                choice.set_minutes((choice.minutes + 1) % len(MINUTES))
                for _ in WEIGHTS:
                    choice.set_weight((choice.weight + 1) % len(WEIGHTS))
        before = settled_mb(pid, n_readings)
        others = [stack.enter_context(Visitor(address)) for _ in range(n_sessions - 1)]
        all_at_once([visitor.open for visitor in others])
        opened = settled_mb(pid, n_readings)
        rounds([choice, *map(Choice, others)], n_rounds)
        after = settled_mb(pid, n_readings)
    each = (max(opened, after) - before) / (n_sessions - 1)
    report(
        "sessions_memory",
        sessions=n_sessions,
        first_mb=before,
        opened_mb=opened,
        all_mb=after,
        mb_a_session=each,
        bar_mb=BAR_MB,
        met=each <= BAR_MB,
    )


def main(*, tiny: bool = False) -> None:
    """Run both, each on a server of its own; `tiny` has two sessions and one round."""
    n_sessions, n_rounds = (2, 1) if tiny else (N_SESSIONS, N_ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        database, log = Path(folder) / "demo.db", Path(folder) / "log"
        make_demo_database(database, *((6, 40) if tiny else (63, 520)))
        with dashboard(database, log) as (address, pid):
            speed(address, pid, n_sessions, n_rounds)
            if tiny:
                memory(address, pid, n_sessions, n_rounds, tiny=True)
        if not tiny:
            with dashboard(database, log) as (address, pid):
                memory(address, pid, n_sessions, n_rounds)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
