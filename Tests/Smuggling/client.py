"""Sends bytes and hears what comes of them."""

import asyncio
import base64
import json
from dataclasses import dataclass, field


@dataclass
class Outcome:
    statuses: list = field(default_factory=list)
    reports: list = field(default_factory=list)
    is_closed: bool = False

    @property
    def is_refused(self):
        """Whether nothing was passed on."""
        return not self.reports

    def readings(self):
        return [{k: v for k, v in r.items() if k != "id"} for r in self.reports]


def take_response(data):
    """One response at the beginning of `data`: status, report, and where it ends; None if it is not whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = data[:end].decode("latin1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) < 2 or not words[1].isdigit():
        return 0, None, len(data)
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    status = int(words[1])
    found = json.loads(base64.b64decode(fields["x-report"])) if "x-report" in fields else None
    if status < 200:
        return status, None, end + 4
    if found is not None:
        return status, found, end + 4
    return status, None, len(data)  # An answer of the server's own: nothing behind it counts.


async def send(port, data, quiet=0.04, patience=0.5):
    """Sends `data` on a connection of its own, and waits until nothing more comes."""
    outcome = Outcome()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    except OSError:
        return outcome
    received = b""
    try:
        writer.write(data)
        while True:
            try:
                piece = await asyncio.wait_for(
                    reader.read(65536), quiet if outcome.statuses else patience)
            except asyncio.TimeoutError:
                break
            if not piece:
                outcome.is_closed = True
                break
            received += piece
            while (response := take_response(received)) is not None:
                status, found, end = response
                received = received[end:]
                if status >= 200 or status == 0:
                    outcome.statuses.append(status)
                if found is not None:
                    outcome.reports.append(found)
    except OSError:
        outcome.is_closed = True
    finally:
        writer.transport.abort()
    return outcome
