"""Sends one request of HTTP/2, right or wrong, and a proper one behind it, and hears what comes of them."""

import asyncio
import base64
import json
import ssl
from dataclasses import dataclass, field

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame)

from h2_forms import request

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SENTINEL = request(method=b"GET", path=b"/sentinel")
FRAME_MAX = 16_384


@dataclass
class Outcome:
    """What was answered on the stream of the request, and on that of the one behind it."""
    statuses: dict = field(default_factory=dict)
    reports: list = field(default_factory=list)
    on_stream: dict = field(default_factory=dict)

    @property
    def is_refused(self):
        return 1 not in self.on_stream


def number(value, prefix):
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([value])
    out, value = [limit], value - limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def block(fields):
    """Literals without an index and without Huffman: every byte stays as it is (RFC 7541, 6.2.2)."""
    return b"".join(b"\x00" + b"".join(number(len(text), 7) + text for text in pair) for pair in fields)


def headers(fields, stream, ends):
    data = block(fields)
    pieces = [data[at:at + FRAME_MAX] for at in range(0, len(data), FRAME_MAX)] or [b""]
    first = HeadersFrame(stream, pieces[0], flags=["END_STREAM"] if ends else [])
    frames = [first] + [ContinuationFrame(stream, piece) for piece in pieces[1:]]
    frames[-1].flags.add("END_HEADERS")
    return b"".join(frame.serialize() for frame in frames)


def frames(form, stream):
    out = headers(form.fields, stream, ends=not form.body and not form.trailers)
    if form.body:
        data = DataFrame(stream, form.body)
        if form.padding:
            data.flags.add("PADDED")
            data.pad_length = form.padding
        if not form.trailers:
            data.flags.add("END_STREAM")
        out += data.serialize()
    return out + (headers(form.trailers, stream, ends=True) if form.trailers else b"")


class Listener:
    """Takes in what a server says, until both streams are over."""

    def __init__(self):
        self.outcome, self.decoder, self.bytes, self.over, self.head = Outcome(), Decoder(), b"", set(), b""
        self.acknowledges = 0

    @property
    def is_over(self):
        return {1, 3} <= self.over

    def take(self, data):
        self.bytes += data
        while len(self.bytes) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.bytes[:9]))
            if len(self.bytes) < 9 + length:
                return
            frame.parse_body(memoryview(self.bytes[9:9 + length]))
            self.bytes = self.bytes[9 + length:]
            self.heard(frame)

    def heard(self, frame):
        if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.acknowledges += 1
        elif isinstance(frame, (HeadersFrame, ContinuationFrame)):
            self.head += bytes(frame.data)
            if "END_HEADERS" in frame.flags:
                # Trailers carry neither of the two that matter.
                fields, self.head = dict(self.decoder.decode(self.head, raw=True)), b""
                self.answered(frame.stream_id, fields)
        elif isinstance(frame, RstStreamFrame):
            self.over.add(frame.stream_id)
        elif isinstance(frame, GoAwayFrame) and frame.error_code != 0:
            self.over |= {1, 3}
        if "END_STREAM" in frame.flags:
            self.over.add(frame.stream_id)

    def answered(self, stream, fields):
        status = int(fields.get(b":status", b"0"))
        if stream and status >= 200:
            self.outcome.statuses.setdefault(stream, status)
        if b"x-report" in fields:
            report = json.loads(base64.b64decode(fields[b"x-report"]))
            self.outcome.reports.append(report)
            self.outcome.on_stream[stream] = report


async def send(port, form, tls, patience=3):
    """One connection: `form`, and a request that must not be read into it."""
    listener, context = Listener(), None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except OSError:
        return listener.outcome
    try:
        writer.write(PREFACE + SettingsFrame(0).serialize() + frames(form, 1) + frames(SENTINEL, 3))
        while not listener.is_over:
            data = await asyncio.wait_for(reader.read(65536), patience)
            if not data:
                break
            listener.take(data)
            for _ in range(listener.acknowledges):
                writer.write(SettingsFrame(0, flags=["ACK"]).serialize())
            listener.acknowledges = 0
    except (OSError, asyncio.TimeoutError, HyperframeError, HPACKError):
        pass
    finally:
        writer.transport.abort()
    return listener.outcome
