"""HTTP as uvicorn speaks it, but not for ever: headers that do not come, and connections beyond a number, are cut."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from search.api.answers import CODES, error_response

MAX_CONNECTIONS = 1_000


class TimedProtocol(H11Protocol):
    """Requests must have sent their headers `header_seconds` after their first byte; see `timed_protocol`."""

    header_seconds = 10.0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Expect a request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.close()
            return
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what came; expect the rest."""
        super().data_received(data)
        if self._between():
            self._expect()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Expect another request that has begun to come."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is None and self._between():
            self._expect()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the shape of every error, and hang up."""
        hint = "characters of an address must be percent-encoded: curl -G --data-urlencode q=电梯 URL"
        body = bytes(error_response(400, CODES[400], "the request cannot be read as HTTP", hint).body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _between(self) -> bool:
        """Whether no request is at work and none has come whole."""
        return (self.cycle is None or self.cycle.response_complete) and self.conn.their_state is h11.IDLE

    def _expect(self) -> None:
        if self._waiting is None and not self.transport.is_closing():
            self._waiting = self.loop.call_later(self.header_seconds, self._cut)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _cut(self) -> None:
        self._waiting = None
        if self._between():
            self.transport.close()


def timed_protocol(header_seconds: float) -> type[H11Protocol]:
    """A protocol whose requests must have sent their headers so many seconds after their first byte."""
    return type("TimedProtocol", (TimedProtocol,), {"header_seconds": header_seconds})
