"""Large bodies by Python's h2, and a reader that does not read.

    python h2transfer.py PORT AUTHORITY slow PATH OTHER

Asks for PATH, reads its head and then nothing of it, while OTHER is fetched whole, again and again, on the
same connection; then reads PATH to its end. Each line tells the bytes and their SHA-256.

    python h2transfer.py PORT AUTHORITY upload PATH BYTES

Sends so many bytes as a body, and tells what was sent and what was answered.
"""

import hashlib
import sys

from h2.events import DataReceived, ResponseReceived, StreamReset

from h2wire import Wire, is_data, is_end, tell


def fetch(wire, path, parked):
    """One whole response. What comes for a stream that is parked is kept, and not taken."""
    stream, digest, count = wire.request("GET", path), hashlib.sha256(), 0
    while True:
        for event in wire.read():
            if isinstance(event, DataReceived) and event.stream_id != stream:
                parked.append(event)
            elif is_data(event, stream):
                digest.update(event.data)
                count += len(event.data)
                wire.took(event)
            elif isinstance(event, StreamReset):
                raise RuntimeError(f"reset {event.stream_id}: {event.error_code}")
            elif is_end(event) and event.stream_id == stream:
                return count, digest.hexdigest()


def slow(wire, path, other):
    stalled, parked = wire.request("GET", path), []
    headed = False
    while not headed:
        events = wire.read()
        # The head may have brought the beginning of the body with it.
        parked += [event for event in events if is_data(event, stalled)]
        headed = any(isinstance(event, ResponseReceived) for event in events)
    for _ in range(3):
        count, digest = fetch(wire, other, parked)
        tell("fetched", bytes=count, sha256=digest)
    tell("stalled", bytes=sum(len(event.data) for event in parked))
    sys.stdin.readline()
    digest, count = hashlib.sha256(), 0
    ended = False
    while not ended:
        for event in parked:
            digest.update(event.data)
            count += len(event.data)
            wire.took(event)
        parked = []
        for event in wire.read():
            if is_data(event, stalled):
                parked.append(event)
            elif isinstance(event, StreamReset):
                raise RuntimeError(f"reset {event.stream_id}: {event.error_code}")
            elif is_end(event) and event.stream_id == stalled:
                ended = True
    for event in parked:
        digest.update(event.data)
        count += len(event.data)
    tell("read", bytes=count, sha256=digest.hexdigest())


def upload(wire, path, size):
    piece, digest, left = bytes(range(256)) * 256, hashlib.sha256(), size
    stream = wire.request("POST", path, [("content-length", str(size))], ends=False)
    answer, ended = [], []

    def heed(event):
        if is_data(event, stream):
            answer.append(event.data)
            wire.took(event)
        elif is_end(event):
            ended.append(event)

    while left:
        part = piece[:left]
        digest.update(part)
        left -= len(part)
        wire.send(stream, part, heed, ends=not left)
    while not ended:
        for event in wire.read():
            heed(event)
    tell("sent", bytes=size, sha256=digest.hexdigest(), answer=b"".join(answer).decode())


wire, order = Wire(int(sys.argv[1]), sys.argv[2], connection_window=4_000_000), sys.argv[3]
if order == "slow":
    slow(wire, sys.argv[4], sys.argv[5])
else:
    upload(wire, sys.argv[4], int(sys.argv[5]))
tell("done")
