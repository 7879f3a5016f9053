"""A visitor without a browser: speaks Streamlit's websocket protocol as its front end does."""

import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs

import websocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back for one change: seconds from the sending, and the map's new message."""

    map_s: float
    finished_s: float
    map_bytes: bytes
    query: dict[str, str]
    n_bytes: int


class Visitor:
    """One session: a socket, the values of its controls, and the messages that it keeps.

    Like the front end it sends the values of all controls with each change, names the large
    messages that it still has, so that these come as references, and follows the address bar.
    """

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(
            address.replace("http", "ws", 1) + "/_stcore/stream",
            timeout=TIMEOUT_S,
            origin=address,
            subprotocols=["streamlit"],
        )
        self.address = address
        self.widgets: dict[str, Any] = {}  # key: the element as last sent by the server
        self.states: dict[str, WidgetState] = {}  # key: value
        self.kept: dict[str, tuple[ForwardMsg, int]] = {}  # hash: message, run that last used it
        self.keep_runs, self.run = 2, 0
        self.page_hash, self.query, self.map_bytes = "", "", b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def open(self) -> Answer:
        """Load the page for the first time."""
        return self._rerun()

    def choose(self, key: str, option: int) -> Answer:
        """Choose an option of a control (by its place) and wait for all that the server says."""
        element = self.widgets[key]
        if element.DESCRIPTOR.name == "ButtonGroup":
            self.states[key].string_array_value.data[:] = [element.options[option].content]
        else:
            self.states[key].string_value = element.options[option]
        return self._rerun()

    def _rerun(self) -> Answer:
        """Send all values; return when the script has finished."""
        state = ClientState(
            query_string=self.query,
            page_script_hash=self.page_hash,
            cached_message_hashes=list(self.kept),
        )
        state.context_info.timezone = "Asia/Shanghai"
        state.context_info.locale = "zh-CN"
        state.context_info.url = self.address
        state.widget_states.widgets.extend(self.states.values())
        message = BackMsg(rerun_script=state).SerializeToString()
        before, self.map_bytes, map_s, n_bytes = self.map_bytes, b"", float("nan"), 0
        self.run += 1
        start = time.perf_counter()
        self.socket.send_binary(message)
        while True:
            frame = self.socket.recv()
            now = time.perf_counter() - start
            if now > TIMEOUT_S:
                raise TimeoutError("The script has not finished.")
            n_bytes += len(frame)
            answer = ForwardMsg.FromString(frame)
            if answer.WhichOneof("type") == "script_finished":
                if answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    break
                continue
            had = self.map_bytes
            self._take(answer)
            if self.map_bytes != had:
                map_s = now
        if not self.map_bytes or self.map_bytes == before:
            raise RuntimeError("The server has finished without a new map.")
        self.kept = {
            digest: (message, run)
            for digest, (message, run) in self.kept.items()
            if run + self.keep_runs >= self.run
        }
        query = {name: values[0] for name, values in parse_qs(self.query).items()}
        return Answer(map_s, now, self.map_bytes, query, n_bytes)

    def _take(self, message: ForwardMsg) -> None:
        """Follow one message of the server."""
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            digest = message.ref_hash
            message = self.kept[digest][0]
            self.kept[digest] = message, self.run
            kind = message.WhichOneof("type")
        elif message.metadata.cacheable:
            self.kept[message.hash] = message, self.run
        if kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
            self.keep_runs = message.new_session.config.max_cached_message_age
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._take_element(message.delta.new_element)

    def _take_element(self, element: Any) -> None:  # noqa: ANN401 - a generated class
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise RuntimeError(element.exception.message)
        if kind == "bidi_component" and element.bidi_component.component_name == "redgrid_map":
            self.map_bytes = element.bidi_component.bytes
        elif kind in {"button_group", "selectbox"}:
            self._take_control(getattr(element, kind))

    def _take_control(self, control: Any) -> None:  # noqa: ANN401
        """Keep a control, and the value that it is first shown with or set to."""
        key = control.id.rsplit("-", 1)[-1]
        self.widgets[key] = control
        if control.id == getattr(self.states.get(key), "id", "") and not control.set_value:
            return
        state = self.states[key] = WidgetState(id=control.id)
        if control.DESCRIPTOR.name == "ButtonGroup":
            chosen = [control.options[k].content for k in control.default]
            state.string_array_value.data[:] = control.raw_values if control.set_value else chosen
        elif control.set_value:
            state.string_value = control.raw_value
        else:
            state.string_value = control.options[control.default]
