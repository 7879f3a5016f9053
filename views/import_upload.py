"""The file on the way in: put away for this session only, and what the user said of it."""

import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

import streamlit as st

from data.diagnosis import Choices, Diagnosis
from data.report import ImportReport

KEY = "import.upload"
# Of files that belong together the first is the one to be read.
LEADING = (".shp", ".tab", ".mif")


class Sent(Protocol):
    """A file as the browser sent it."""

    name: str

    def getvalue(self) -> bytes:
        """Return its content."""


@dataclass(eq=False)
class Upload:
    """One file, or several that belong together, in a folder that goes when the upload goes."""

    mark: str  # of content and names
    folder: Path
    path: Path
    choices: Choices = field(default_factory=Choices)
    diagnosis: Diagnosis | None = None
    report: ImportReport | None = None
    version: str = ""  # of the data that the diagnosis compared with

    def say(self, choices: Choices) -> None:
        """Take what the user says; the file is looked at anew."""
        if choices != self.choices:
            self.choices, self.diagnosis, self.report = choices, None, None


def uploaded(sent: list[Sent]) -> Upload | None:
    """Return the upload of these files, kept while they stay the same; None where there are none.

    Of what the browser calls a file only the last part of the name counts.
    """
    if not sent:
        st.session_state.pop(KEY, None)
        return None
    mark = _mark(sent)
    known = st.session_state.get(KEY)
    if isinstance(known, Upload) and known.mark == mark:
        return known
    folder = Path(tempfile.mkdtemp(prefix="redgrid-"))
    paths = []
    for file in sent:
        path = folder / plain_name(file.name)
        path.write_bytes(file.getvalue())
        paths.append(path)
    leading = [path for path in paths if path.suffix.lower() in LEADING]
    upload = Upload(mark, folder, (leading or paths)[0])
    weakref.finalize(upload, shutil.rmtree, folder, ignore_errors=True)
    st.session_state[KEY] = upload
    return upload


def plain_name(name: str) -> str:
    """Return the last part of a file's name, never a way to another folder."""
    last = PurePosixPath(PureWindowsPath(name.replace("\x00", "")).name).name
    return last if last not in {"", ".", ".."} else "file"


def _mark(sent: list[Sent]) -> str:
    hashed = blake2b(digest_size=12)
    for file in sent:
        hashed.update(file.name.encode("utf-8", "replace") + b"\x00")
        hashed.update(blake2b(file.getvalue()).digest())
    return hashed.hexdigest()
