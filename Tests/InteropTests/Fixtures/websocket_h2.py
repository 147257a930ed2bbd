"""A WebSocket on a stream of HTTP/2 (RFC 8441), by Python's h2 and wsproto.

    python websocket_h2.py PORT AUTHORITY talk|leave|reset PATH

`talk` says one of everything; while an answer of 10 MB waits that it does not read, it asks for a page on
the same connection. `leave` is left by the gateway. `reset` drops the stream after the first message.
"""

import sys

from h2.errors import ErrorCodes
from h2.events import ResponseReceived, StreamEnded, StreamReset
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from h2wire import Wire, is_data, tell

LARGE = 10_485_760
port, authority, order, path = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]


class Socket:
    def __init__(self):
        self.wire = Wire(port, authority, connection_window=4_000_000)
        self.frames = Connection(ConnectionType.CLIENT)
        self.parked, self.heard, self.others = [], [], []
        self.reads, self.end = True, ""
        while not self.wire.allows_connect:
            self.wire.read()
        self.stream = self.wire.request(
            "CONNECT", path, [("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat"),
                              ("origin", f"https://localhost:{port}")],
            ends=False, protocol="websocket")
        self.head = None
        while self.head is None:
            self.next()

    def heed(self, event):
        if getattr(event, "stream_id", None) != self.stream:
            return self.others.append(event)
        if isinstance(event, ResponseReceived):
            self.head = dict(event.headers)
        elif is_data(event, self.stream):
            self.parked.append(event)
        elif isinstance(event, StreamEnded):
            self.end = "end_stream"
        elif isinstance(event, StreamReset):
            self.end = f"reset {int(event.error_code)}"

    def next(self):
        for event in self.wire.read():
            self.heed(event)
        self.take()

    def take(self):
        while self.reads and self.parked:
            event = self.parked.pop(0)
            # The frame that ends the stream may carry nothing.
            if event.data:
                self.frames.receive_data(event.data)
                self.heard += self.frames.events()
            if not self.end:
                self.wire.took(event)

    def send(self, frame):
        self.wire.send(self.stream, self.frames.send(frame), self.heed)

    def hear(self, kind):
        """One whole message, or one frame of another kind."""
        parts = []
        while True:
            while not self.heard:
                if self.end and not self.parked:
                    raise EOFError(self.end)
                self.next()
            event = self.heard.pop(0)
            if isinstance(event, kind):
                if not hasattr(event, "message_finished"):
                    return event
                parts.append(event.data)
                if event.message_finished:
                    return parts[0][:0].join(parts)

    def echo(self, frame):
        self.send(frame)
        answer = self.hear(type(frame))
        tell("echo", same=answer == frame.data, bytes=len(answer))


def page(socket):
    """A whole response on the same connection."""
    stream, count = socket.wire.request("GET", "/page"), 0
    while True:
        while socket.others:
            event = socket.others.pop(0)
            if is_data(event, stream):
                count += len(event.data)
                socket.wire.took(event)
            elif isinstance(event, StreamEnded) and event.stream_id == stream:
                return tell("page", bytes=count)
        for event in socket.wire.read():
            socket.heed(event)


def talk(socket):
    socket.echo(TextMessage(data="grüße, 世界"))
    socket.echo(BytesMessage(data=bytearray(range(256))))
    socket.send(Ping(payload=b"there?"))
    tell("ponged", same=bytes(socket.hear(Pong).payload) == b"there?")
    for part, last in (("one ", False), ("two ", False), ("three", True)):
        socket.send(TextMessage(data=part, message_finished=last))
    tell("echo", same=socket.hear(TextMessage) == "one two three", bytes=13)

    # Sent whole, and the answer is not read: the stream's window is all of it that may come.
    socket.reads = False
    large = bytearray(bytes(range(256)) * (LARGE // 256))
    socket.send(BytesMessage(data=large))
    page(socket)
    while socket.wire.h2.remote_flow_control_window(socket.stream):
        for event in socket.wire.read():
            socket.heed(event)
    page(socket)
    tell("parked", window=socket.wire.h2.remote_flow_control_window(socket.stream), bytes=sum(len(event.data) for event in socket.parked))
    sys.stdin.readline()
    socket.reads = True
    socket.take()
    tell("echo", same=socket.hear(BytesMessage) == large, bytes=LARGE)
    socket.send(CloseConnection(code=4001, reason="bye"))
    answer = socket.hear(CloseConnection)
    tell("closed", code=int(answer.code))


socket = Socket()
tell("opened", status=int(socket.head[":status"]), subprotocol=socket.head.get("sec-websocket-protocol"),
     accept="sec-websocket-accept" in socket.head)
if order == "talk":
    talk(socket)
elif order == "reset":
    socket.echo(TextMessage(data="first"))
    socket.wire.h2.reset_stream(socket.stream, ErrorCodes.CANCEL)
    socket.wire.flush()
else:
    socket.echo(TextMessage(data="first"))
    try:
        answer = socket.hear(CloseConnection)
        tell("left", code=int(answer.code), reason=answer.reason)
        socket.send(answer.response())
    except EOFError:
        pass
while order != "reset" and not socket.end:
    socket.next()
if socket.end == "end_stream":
    # The other direction ends too.
    socket.wire.h2.end_stream(socket.stream)
    socket.wire.flush()
page(socket)
tell("ended", how=socket.end)
