"""What sessions share: made once a coverage, gone with it; turns to draw end and are not needed."""

import gc
import threading
import weakref

import pytest

from views import shared
from views.shared import once_a_coverage, turn_to_draw


class Anything:
    """Stands for a coverage: only its identity counts."""


def test_things_are_made_once_a_coverage_and_key_and_go_with_the_coverage():
    one, other, made = Anything(), Anything(), []

    def make():
        made.append(Anything())
        return made[-1]

    first = once_a_coverage(one, ("table", "zh"), make)
    assert once_a_coverage(one, ("table", "zh"), make) is first
    assert once_a_coverage(one, ("table", "en"), make) is not first
    assert once_a_coverage(other, ("table", "zh"), make) is not first
    assert len(made) == 3
    watched = weakref.ref(first)
    made.clear()
    del first, one
    gc.collect()
    assert watched() is None


def test_no_more_sessions_draw_at_a_time_than_there_are_turns_and_a_failed_one_gives_its_back(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(shared, "_turns", threading.BoundedSemaphore(2))
    monkeypatch.setattr(shared, "LONGEST_WAIT_S", 30.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken page"), turn_to_draw():
            raise ValueError("broken page")
    lock, now, most = threading.Lock(), [0], [0]
    pause = threading.Event()

    def draw():
        with turn_to_draw():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            pause.wait(0.02)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert now == [0]
    assert most == [2]


def test_who_waits_too_long_draws_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(shared, "LONGEST_WAIT_S", 0.01)
    with turn_to_draw(), turn_to_draw():
        drawn = True
    assert drawn
    assert shared._turns.acquire(timeout=0)  # given back once, not twice
