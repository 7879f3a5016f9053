"""Asking an online geocoder: one key, one pace, one time limit, every failure a sentence.

Off unless somebody asks for a service by name. A key is read from the environment (or from a file
that the environment names), is sent to its service alone, and is never stored, logged or shown.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import numpy as np
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout, parse_url

from data.errors import GeocodingError, SettingsError
from data.geocoding.services import (
    HTTP_BUSY,
    HTTP_OK,
    HTTP_REFUSED,
    HTTP_SERVER_ERROR,
    SERVICES,
    RawAnswer,
    Service,
    ServiceTrouble,
    Trouble,
)
from geo.crs import to_wgs84
from geo.geocode import MatchLevel
from geo.text import Text

AGENT = "redgrid (self-hosted; geocodes places of one subdistrict)"
LARGEST_ANSWER = 1_000_000  # bytes
TEMPORARY = (502, 503, 504)  # a gateway in between; asked again
_KEY_IN_URL = re.compile(r"(?<=[?&])(key|ak|tk)=[^&\s'\"]*")


class _WithoutKeys(logging.Filter):
    """Takes keys out of what urllib3 logs: it writes whole addresses, also as warnings."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _KEY_IN_URL.search(message):
            record.msg, record.args = _KEY_IN_URL.sub(r"\1=***", message), ()
        return True


for _name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.poolmanager"):
    logging.getLogger(_name).addFilter(_WithoutKeys())


@dataclass(frozen=True)
class OnlineAnswer:
    """One place that a service names, in WGS84; `original`: as it said, in its own datum."""

    lon: float
    lat: float
    level: MatchLevel
    said: str  # the level in the service's own words
    address: str
    confidence: float | None
    service: str
    original: tuple[float, float]
    datum: str


@dataclass(frozen=True)
class Pace:
    """How patiently a service is asked. Seconds."""

    timeout_s: float = 10.0  # for the whole of one answer
    attempts: int = 4
    backoff_s: float = 1.0  # doubles with each attempt
    interval_s: float | None = None  # between requests; None: as the service asks for


@dataclass
class OnlineGeocoder:
    """One service with its key. Threads share its pace."""

    service: Service
    key: str = field(default="", repr=False)
    url: str = ""  # instead of the service's own: a proxy, or a Nominatim of one's own
    pace: Pace = Pace()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _next_at: float = field(default=0.0, repr=False)

    @classmethod
    def from_env(cls, name: str, environment: Mapping[str, str]) -> "OnlineGeocoder":
        """Return a service with what the environment says of it.

        REDGRID_<NAME>_KEY is the key, or REDGRID_<NAME>_KEY_FILE a file with nothing else in it;
        REDGRID_<NAME>_URL another address.

        Raises
        ------
        SettingsError
            The service is not known, needs a key and has none, or the file cannot be read.
        """
        service = SERVICES.get(name)
        if service is None:
            names = ", ".join(SERVICES)
            raise SettingsError(
                Text(
                    f"没有名为“{name}”的在线地理编码服务；可用：{names}。",
                    f"There is no online geocoder {name!r}; there are {names}.",
                )
            )
        variable = f"REDGRID_{name.upper()}_KEY"
        key = (environment.get(variable) or _key_of_file(environment, f"{variable}_FILE")).strip()
        if service.key_name and not key:
            title = service.title
            raise SettingsError(
                Text(
                    f"{title.zh}需要密钥。请向{title.zh}申请“Web 服务/服务端”类型的密钥，"
                    f"写入环境变量 {variable}（或 {variable}_FILE 所指的文件）。",
                    f"{title.en} needs a key. Apply for one of the type web service, and put it "
                    f"into the variable {variable} (or a file that {variable}_FILE names).",
                )
            )
        return cls(service, key, environment.get(f"REDGRID_{name.upper()}_URL") or "")

    def ask(self, address: str, city: str = "") -> list[OnlineAnswer]:
        """Ask where an address is; the likeliest first, empty where the service knows nothing.

        Raises
        ------
        GeocodingError
            The service cannot be reached, refuses, or answers what cannot be read.
        """
        trouble = ServiceTrouble("failed", "")
        for attempt in range(self.pace.attempts):
            if attempt:
                time.sleep(self.pace.backoff_s * 2 ** (attempt - 1))
            self._wait_for_turn()
            try:
                return [self._converted(raw) for raw in self._ask_once(address, city)]
            except ServiceTrouble as said:
                trouble = said
                if trouble.kind != "busy":
                    break
        raise self._error(trouble)

    def _wait_for_turn(self) -> None:
        interval = self.pace.interval_s
        interval = self.service.interval_s if interval is None else interval
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_at)
            self._next_at = at + interval
        time.sleep(at - now)

    def _ask_once(self, address: str, city: str) -> list[RawAnswer]:
        fields = dict(self.service.parameters(address, city))
        if self.service.key_name:
            fields[self.service.key_name] = self.key
        status, body = self._fetch(fields)
        text = body.decode("utf-8", errors="replace").strip()
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            answer = None
        if status == HTTP_BUSY:
            raise ServiceTrouble("busy", f"HTTP {status}")
        if answer is None or status >= HTTP_SERVER_ERROR:
            kind: Trouble = "key" if status in HTTP_REFUSED else "failed"
            shown = f"HTTP {status}" + (" HTML" if text.startswith("<") else "")
            raise ServiceTrouble("busy" if status in TEMPORARY else kind, shown)
        if status != HTTP_OK:
            try:
                self.service.read(answer)
            except ServiceTrouble as trouble:
                if trouble.code not in {"", "format"}:
                    raise
            raise ServiceTrouble("key" if status in HTTP_REFUSED else "failed", f"HTTP {status}")
        return self.service.read(answer)

    def _fetch(self, fields: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body. What goes wrong on the way is said without the address."""
        url = self.url or self.service.url
        until = time.monotonic() + self.pace.timeout_s
        try:
            # A connection for each request: few are made, and none lies open for weeks.
            with _pool(url) as pool:
                response = pool.request(
                    "GET",
                    url,
                    fields=dict(fields),
                    headers={"User-Agent": AGENT, "Accept": "application/json"},
                    timeout=Timeout(min(5.0, self.pace.timeout_s), self.pace.timeout_s),
                    retries=Retry(0, redirect=0, raise_on_redirect=False),  # `ask` tries again
                    preload_content=False,
                )
                try:
                    return response.status, _body(response, until)
                finally:
                    response.close()
        except urllib3.exceptions.TimeoutError:
            raise ServiceTrouble("busy", "time-out") from None
        except (HTTPError, OSError, ValueError) as error:
            cause = getattr(error, "reason", error)
            is_slow = isinstance(cause, urllib3.exceptions.TimeoutError)
            said = "time-out" if is_slow else type(cause).__name__
            # Not chained: the messages of urllib3 hold the address, and the address the key.
            raise ServiceTrouble("busy", said) from None

    def _converted(self, raw: RawAnswer) -> OnlineAnswer:
        datum = self.service.datum
        lon, lat = to_wgs84(np.array([raw.lon]), np.array([raw.lat]), datum)
        where = (round(float(lon[0]), 7), round(float(lat[0]), 7))
        name, original = self.service.name, (raw.lon, raw.lat)
        return OnlineAnswer(
            *where, raw.level, raw.said, raw.address, raw.confidence, name, original, datum
        )

    def _error(self, trouble: ServiceTrouble) -> GeocodingError:
        title = self.service.title
        said = trouble.said.replace(self.key, "***") if self.key else trouble.said
        code = " ".join(filter(None, (trouble.code, said)))
        variable = f"REDGRID_{self.service.name.upper()}_KEY"
        sentences = {
            "key": Text(
                f"{title.zh}拒绝了请求（{code}）。"
                f"请核对 {variable} 的密钥、类型（须为服务端）和白名单。",
                f"{title.en} refuses the request ({code}). Check the key in {variable}, its type "
                "(it must be for servers) and its white list.",
            ),
            "quota": Text(
                f"{title.zh}的配额已用完（{code}）。请明天再试，或提高配额；已得到的结果已缓存。",
                f"The quota of {title.en} is used up ({code}). Try again tomorrow or raise it; "
                "what came so far is cached.",
            ),
            "busy": Text(
                f"{title.zh}没有应答或正忙（{code}），试了 {self.pace.attempts} 次。"
                "请检查网络和代理，稍后再试。",
                f"{title.en} does not answer or is busy ({code}); it was asked "
                f"{self.pace.attempts} times. Check the network and the proxy, and try later.",
            ),
            "failed": Text(
                f"{title.zh}的应答无法使用（{code}）。",
                f"The answer of {title.en} cannot be used ({code}).",
            ),
        }
        return GeocodingError(sentences[trouble.kind], is_final=trouble.kind != "failed")


def services_switched_on(environment: Mapping[str, str]) -> list[str]:
    """Return the services that the environment switches on: by a key, or by an own address."""
    ends = {True: ("KEY", "KEY_FILE"), False: ("URL",)}
    return [
        name
        for name, service in SERVICES.items()
        if any(environment.get(f"REDGRID_{name.upper()}_{e}") for e in ends[bool(service.key_name)])
    ]


def _key_of_file(environment: Mapping[str, str], variable: str) -> str:
    name = environment.get(variable) or ""
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            Text(
                f"环境变量 {variable} 所指的文件 {name} 读不出来。",
                f"The file {name} that {variable} names cannot be read.",
            )
        ) from error


def _body(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """Return the body of a response, unless it is too long or does not come to its end in time."""
    body = b""
    while chunk := response.read1(65_536):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ServiceTrouble("failed", "too long")
        if time.monotonic() > until:
            raise ServiceTrouble("busy", "time-out")
    return body


def _pool(url: str) -> urllib3.PoolManager:
    """Return what connects to a host, through the proxy that the environment names for it."""
    parts = parse_url(url)
    proxy = getproxies().get(parts.scheme or "")
    if proxy is None or proxy_bypass(parts.host or ""):
        return urllib3.PoolManager()
    return urllib3.ProxyManager(proxy)
