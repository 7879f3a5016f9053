"""Taking files in: one import is one transaction and one batch that can be undone."""

from data.batches import list_batches, undo
from data.frames import store_frames

__all__ = ["list_batches", "store_frames", "undo"]
