"""Local servers that answer as the online geocoders document it: no test leaves the machine."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "0123456789abcdef0123456789abcdef"
NAME = "滁州市南谯区龙蟠大道1号"


@dataclass
class Reply:
    """One answer: a body as JSON or text, and how it is sent."""

    body: object
    status: int = 200
    wait_s: float = 0.0
    drip_s: float = 0.0  # between single bytes
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the bytes that are sent."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


@dataclass
class Service:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[dict[str, str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)


@contextmanager
def serving(replies: Sequence[Reply]) -> Iterator[Service]:
    """Serve replies in turn, the last one again and again."""
    left = list(replies)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                reply = left.pop(0) if len(left) > 1 else left[0]
                query = parse_qs(urlsplit(self.path).query)
                service.asked.append({name: values[0] for name, values in query.items()})
                service.agents.append(self.headers["User-Agent"])
                service.at.append(time.monotonic())
            time.sleep(reply.wait_s)
            content = reply.content()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                for start in range(0, len(content), 1 if reply.drip_s else len(content) or 1):
                    step = 1 if reply.drip_s else len(content)
                    self.wfile.write(content[start : start + step])
                    self.wfile.flush()
                    time.sleep(reply.drip_s)
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = Service(f"http://127.0.0.1:{server.server_port}/geocode")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def amap_found(lon: float, lat: float, level: str = "门牌号") -> dict[str, object]:
    """Return an answer of 高德 with one place; absent fields are [] there."""
    place = {
        "formatted_address": f"安徽省{NAME}",
        "country": "中国",
        "province": "安徽省",
        "citycode": "0550",
        "city": "滁州市",
        "district": "南谯区",
        "township": [],
        "neighborhood": {"name": [], "type": []},
        "building": {"name": [], "type": []},
        "adcode": "341103",
        "street": "龙蟠大道",
        "number": "1号",
        "location": f"{lon:.6f},{lat:.6f}",
        "level": level,
    }
    return {
        "status": "1",
        "info": "OK",
        "infocode": "10000",
        "count": "1",
        "geocodes": [place],
    }


def amap_refused(infocode: str, info: str) -> dict[str, object]:
    return {"status": "0", "info": info, "infocode": infocode}


def baidu_found(lon: float, lat: float, level: str = "门址") -> dict[str, object]:
    result = {
        "location": {"lng": lon, "lat": lat},
        "precise": 1,
        "confidence": 80,
        "comprehension": 95,
        "level": level,
    }
    return {"status": 0, "result": result}


def tianditu_found(lon: float, lat: float, level: str = "门址") -> dict[str, object]:
    """Return an answer of 天地图; its numbers are texts."""
    location = {
        "score": 98,
        "level": level,
        "lon": f"{lon:.6f}",
        "lat": f"{lat:.6f}",
        "keyWord": NAME,
    }
    return {"msg": "ok", "location": location, "searchVersion": "6.4.9V", "status": "0"}


def nominatim_found(lon: float, lat: float, rank: int = 30) -> list[dict[str, object]]:
    place = {
        "place_id": 100149,
        "licence": "Data © OpenStreetMap contributors, ODbL 1.0",
        "osm_type": "way",
        "osm_id": 107775,
        "boundingbox": ["32.0", "32.1", "118.2", "118.3"],
        "lat": f"{lat:.7f}",
        "lon": f"{lon:.7f}",
        "display_name": "龙蟠大道, 南谯区, 滁州市, 安徽省, 中国",
        "place_rank": rank,
        "category": "building",
        "type": "yes",
        "importance": 0.0533,
        "addresstype": "building",
    }
    return [place]
