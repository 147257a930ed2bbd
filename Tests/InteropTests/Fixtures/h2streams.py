"""Many event streams on one connection, by Python's h2. Driven by lines of JSON, tells in such lines.

    python h2streams.py PORT AUTHORITY

{"do": "open", "name": NAME, "path": PATH} opens a stream; its head is told as "head", its end as "ended"
with how it ended. Their events carry numbers: each is checked to follow the one before. {"do": "await",
"number": N} is answered with "heard" when every stream that is open has got N, and {"do": "report"} with
one line "stream" for each and "reported". Ends with its input.
"""

import json
import os
import select
import sys

from h2.events import (ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset)

from h2wire import Wire, tell


class Stream:
    def __init__(self, name):
        self.name, self.rest, self.words, self.retry = name, "", "", 0
        self.first = self.last = self.count = self.gaps = 0
        self.status, self.end = 0, ""

    def hear(self, text):
        self.rest += text
        while "\n\n" in self.rest:
            block, self.rest = self.rest.split("\n\n", 1)
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            self.retry = int(lines.get("retry", self.retry))
            if lines.get("event") == "sluice-evicted":
                self.words = lines["data"]
            elif lines.get("event") == "count":
                self.add(int(lines["data"]))

    def add(self, number):
        if self.words or self.count and number != self.last + 1:
            self.gaps += 1
        self.first = self.first or number
        self.last, self.count = number, self.count + 1


class Streams:
    def __init__(self, port, authority):
        # The window of the connection is large enough for all of them.
        self.wire = Wire(port, authority, connection_window=8_000_000)
        self.streams, self.awaited = {}, 0
        tell("ready")

    def obey(self, order):
        if order["do"] == "open":
            stream = self.wire.request("GET", order["path"], [("accept", "text/event-stream")])
            self.streams[stream] = Stream(order["name"])
        elif order["do"] == "await":
            self.awaited = order["number"]
        elif order["do"] == "report":
            for stream in self.streams.values():
                tell("stream", name=stream.name, first=stream.first, last=stream.last,
                     count=stream.count, gaps=stream.gaps, words=stream.words, retry=stream.retry,
                     rest=stream.rest, end=stream.end)
            tell("reported", streams=len(self.streams))

    def heed(self, event):
        if isinstance(event, ConnectionTerminated):
            return tell("goaway", code=int(event.error_code))
        stream = self.streams.get(getattr(event, "stream_id", None))
        if stream is None:
            return
        if isinstance(event, ResponseReceived):
            stream.status = int(dict(event.headers)[":status"])
            tell("head", name=stream.name, status=stream.status)
        elif isinstance(event, DataReceived):
            self.wire.took(event)
            stream.hear(event.data.decode())
        elif isinstance(event, StreamEnded):
            stream.end = "end_stream"
            tell("ended", name=stream.name, how=stream.end, words=stream.words)
        elif isinstance(event, StreamReset):
            stream.end = f"reset {int(event.error_code)}"
            tell("ended", name=stream.name, how=stream.end, words=stream.words)

    def look(self):
        waiting = [s for s in self.streams.values() if not s.end and s.last < self.awaited]
        if self.awaited and not waiting:
            tell("heard", number=self.awaited)
            self.awaited = 0

    def run(self):
        orders = b""
        while True:
            for event in self.wire.read(timeout=None, also=[0]):
                self.heed(event)
            if self.input_waits():
                more = os.read(0, 65536)
                if not more:
                    return
                orders += more
                while b"\n" in orders:
                    line, orders = orders.split(b"\n", 1)
                    self.obey(json.loads(line))
            self.look()

    @staticmethod
    def input_waits():
        return bool(select.select([0], [], [], 0)[0])


try:
    Streams(int(sys.argv[1]), sys.argv[2]).run()
except EOFError:
    tell("gone")
