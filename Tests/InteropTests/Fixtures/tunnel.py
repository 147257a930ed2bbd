"""Both ends of an upgrade to a protocol of raw bytes, each of which ends its direction of TCP by itself.

    python tunnel.py gateway first|last
    python tunnel.py PORT first|last [AUTHORITY]

With an authority the client comes by HTTP/2. `first`: the client says its words and ends its direction,
and then the gateway does. `last`: the other way round. The words are more than the kernel holds, so each
side says them while the other reads, and the gateway reads more slowly than the client speaks.

`full`, by HTTP/2 only: the gateway ends its direction and reads nothing until its input has a line. The
client says as much as is taken, and ends its direction while all that is still on its way.
"""

import hashlib
import socket
import sys
import time

from h2.events import ResponseReceived

from h2wire import Wire, is_data, is_end, tell

WORDS = {"client": b"words of the client\n" * 1_000_000, "gateway": b"words of the gateway\n" * 1_000_000}


def say(connection, who):
    connection.sendall(WORDS[who])
    connection.shutdown(socket.SHUT_WR)
    tell("said", bytes=len(WORDS[who]))


def hear(stream, who, pause=0):
    count, digest = 0, hashlib.sha256()
    while part := stream.read1(65536):
        time.sleep(pause)
        count += len(part)
        digest.update(part)
    tell("heard", bytes=count, sha256=digest.hexdigest(),
         same=digest.digest() == hashlib.sha256(WORDS[who]).digest())


def head(stream):
    first = stream.readline().decode().strip()
    while stream.readline().strip():
        pass
    return first


def upgrade(stream):
    """What the head asks for."""
    name = b""
    while line := stream.readline().strip():
        if line.lower().startswith(b"upgrade:"):
            name = line[8:].strip()
    return name


def client(port, order):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                           b"Upgrade: raw\r\n\r\n")
        stream = connection.makefile("rb")
        tell("head", status=head(stream))
        if order == "first":
            say(connection, "client")
        hear(stream, "gateway")
        if order == "last":
            say(connection, "client")


def h2_client(port, order, authority):
    wire, heard, ended = Wire(port, authority, connection_window=4_000_000), [], []
    while not wire.allows_connect:
        wire.read()
    stream = wire.request("CONNECT", "/tunnel", ends=False, protocol="websocket")

    def heed(event):
        if isinstance(event, ResponseReceived):
            tell("head", status=dict(event.headers)[":status"])
        elif is_data(event, stream):
            heard.append(event.data)
            wire.took(event)
        elif is_end(event):
            ended.append(type(event).__name__)

    def say_until_full():
        digest, count, piece = hashlib.sha256(), 0, WORDS["client"][:10_000]
        while True:
            room = min(wire.h2.local_flow_control_window(stream), len(piece))
            if not room:
                try:
                    # Nothing announces that no more will be taken.
                    for event in wire.read(timeout=1):
                        heed(event)
                    continue
                except TimeoutError:
                    break
            wire.h2.send_data(stream, piece[:room])
            wire.flush()
            digest.update(piece[:room])
            count += room
        wire.h2.end_stream(stream)
        wire.flush()
        tell("said", bytes=count, sha256=digest.hexdigest())

    def say_all():
        wire.send(stream, WORDS["client"], heed, ends=True)
        tell("said", bytes=len(WORDS["client"]))

    if order == "first":
        say_all()
    while not ended:
        for event in wire.read():
            heed(event)
    if order == "last":
        say_all()
    elif order == "full":
        say_until_full()
    whole = b"".join(heard)
    tell("heard", bytes=len(whole), same=whole == WORDS["gateway"], end=ended[0])
    # The connection stays: what is still on its way to the gateway is Sluice's to finish.
    tell("done")
    sys.stdin.read()
    sys.exit()


def gateway(order):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell("ready", port=listener.getsockname()[1])
        connection, _ = listener.accept()
    with connection:
        connection.settimeout(30)
        stream = connection.makefile("rb")
        name = upgrade(stream)
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                           b"Upgrade: " + name + b"\r\n\r\n")
        if order == "first":
            hear(stream, "client", pause=0.0005)
        say(connection, "gateway")
        if order == "full":
            sys.stdin.readline()
        if order != "first":
            hear(stream, "client", pause=0.0005)


if sys.argv[1] == "gateway":
    gateway(sys.argv[2])
elif len(sys.argv) > 3:
    h2_client(int(sys.argv[1]), sys.argv[2], sys.argv[3])
else:
    client(int(sys.argv[1]), sys.argv[2])
tell("done")
