"""One connection of HTTP/2 by Python's h2, with TLS. What it reads it hands out as h2's own events.

Window is given back only for what its owner has read: a stream that nobody reads stalls as it would
behind a slow program.
"""

import json
import os
import select
import socket
import ssl

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes


def tell(event, **fields):
    line = json.dumps({"event": event, **fields}, separators=(",", ":"))
    os.write(1, line.encode() + b"\n")


class Wire:
    def __init__(self, port, authority, connection_window=0):
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        if self.socket.selected_alpn_protocol() != "h2":
            raise RuntimeError("no h2")
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        if connection_window:
            self.h2.increment_flow_control_window(connection_window)
        self.name = f"localhost:{port}"
        # Answered in the first flight: whether WebSockets may come this way is known then.
        self.allows_connect = False
        self.flush()

    def request(self, method, path, fields=(), ends=True, protocol=None):
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "https"), (":authority", self.name),
                  (":path", path)] + ([(":protocol", protocol)] if protocol else []) + list(fields)
        self.h2.send_headers(stream, fields, end_stream=ends)
        self.flush()
        return stream

    def read(self, timeout=30, also=()):
        """The next events, at least one; or, with `also`, whatever else is there to be read."""
        while True:
            if not self.socket.pending():
                ready, _, _ = select.select([self.socket, *also], [], [], timeout)
                if not ready:
                    raise TimeoutError("Sluice says nothing")
                if self.socket not in ready:
                    return []
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("Sluice has closed the connection")
            events = self.h2.receive_data(data)
            self.allows_connect = (
                self.h2.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL) == 1)
            self.flush()
            if events:
                return events

    def took(self, event):
        """What has come with this event is read: the window for it opens again."""
        if event.flow_controlled_length:
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.flush()

    def send(self, stream, data, heed, ends=False):
        """All of it, as fast as the window allows. Events meanwhile go to `heed`."""
        rest = memoryview(data)
        while rest:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                for event in self.read():
                    heed(event)
                continue
            self.h2.send_data(stream, rest[:room].tobytes(), ends and len(rest) <= room)
            rest = rest[room:]
            self.flush()
        if ends and not data:
            self.h2.end_stream(stream)
            self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)


def is_end(event):
    return isinstance(event, (StreamEnded, StreamReset))


def is_data(event, stream):
    return isinstance(event, DataReceived) and event.stream_id == stream
