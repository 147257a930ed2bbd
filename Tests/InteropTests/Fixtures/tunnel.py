"""Both ends of an upgrade to a protocol of raw bytes, each of which ends its direction of TCP by itself.

    python tunnel.py gateway first|last
    python tunnel.py PORT first|last

`first`: the client says its words and ends its direction, and then the gateway does. `last`: the other way
round. The words are more than the kernel holds, so each side says them while the other reads.
"""

import hashlib
import socket
import sys

from h2wire import tell

WORDS = {"client": b"words of the client\n" * 1_000_000, "gateway": b"words of the gateway\n" * 1_000_000}


def say(connection, who):
    connection.sendall(WORDS[who])
    connection.shutdown(socket.SHUT_WR)
    tell("said", bytes=len(WORDS[who]))


def hear(stream, who):
    count, digest = 0, hashlib.sha256()
    while part := stream.read1(65536):
        count += len(part)
        digest.update(part)
    tell("heard", bytes=count, same=digest.digest() == hashlib.sha256(WORDS[who]).digest())


def head(stream):
    first = stream.readline().decode().strip()
    while stream.readline().strip():
        pass
    return first


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


def gateway(order):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell("ready", port=listener.getsockname()[1])
        connection, _ = listener.accept()
    with connection:
        connection.settimeout(30)
        stream = connection.makefile("rb")
        tell("asked", request=head(stream))
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                           b"Upgrade: raw\r\n\r\n")
        if order == "first":
            hear(stream, "client")
        say(connection, "gateway")
        if order == "last":
            hear(stream, "client")


if sys.argv[1] == "gateway":
    gateway(sys.argv[2])
else:
    client(int(sys.argv[1]), sys.argv[2])
tell("done")
