"""A gateway that keeps exactly what it is sent and reads it by the letter of RFC 9112."""

import asyncio
import base64
import hashlib
import json
import re

TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")


class Malformed(Exception):
    pass


def reading(method, target, host, body):
    """How one request was read, in the form in which all readings are compared."""
    return {"method": method, "target": target, "host": host.lower(), "length": len(body),
            "digest": hashlib.sha256(body).hexdigest()[:16]}


def report(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


async def read_head(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head[:-4].split(b"\r\n")
    start = lines[0].split(b" ")
    if len(start) != 3 or start[2] not in (b"HTTP/1.1", b"HTTP/1.0") or not TOKEN.match(start[0]):
        raise Malformed(lines[0])
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name) or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise Malformed(line)
        fields.append((name.lower(), value.strip(b" \t")))
    return head, start, fields


async def read_request(reader):
    """One request: its bytes, and how it reads."""
    head, start, fields = await read_head(reader)
    raw = bytearray(head)
    lengths = [v for n, v in fields if n == b"content-length"]
    codings = [v for n, v in fields if n == b"transfer-encoding"]
    hosts = [v for n, v in fields if n == b"host"]
    if len(hosts) != 1 or (lengths and codings) or len(lengths) > 1 or len(codings) > 1:
        raise Malformed(b"host or length")
    body = bytearray()
    if codings:
        if codings[0].lower() != b"chunked":
            raise Malformed(codings[0])
        while True:
            line = await reader.readuntil(b"\r\n")
            raw += line
            if not re.match(rb"^[0-9A-Fa-f]{1,8}(;[^\r\n]*)?\r\n$", line):
                raise Malformed(line)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            data = await reader.readexactly(size + 2)
            raw += data
            if data[-2:] != b"\r\n":
                raise Malformed(data)
            body += data[:-2]
        while True:
            line = await reader.readuntil(b"\r\n")
            raw += line
            if line == b"\r\n":
                break
    elif lengths:
        if not lengths[0].isdigit():
            raise Malformed(lengths[0])
        body = await reader.readexactly(int(lengths[0]))
        raw += body
    closes = any(n == b"connection" and b"close" in v.lower() for n, v in fields) or start[2] == b"HTTP/1.0"
    return bytes(raw), reading(start[0].decode("latin1"), start[1].decode("latin1"),
                               hosts[0].decode("latin1"), bytes(body)), closes


class Recorder:
    """Answers each request with how it read it; keeps its bytes under a number."""

    def __init__(self):
        self.requests = []
        self.malformed = []

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1000, limit=1 << 20)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while True:
                raw, read, closes = await read_request(reader)
                self.requests.append(raw)
                read["id"] = len(self.requests) - 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Report: " + report(read).encode() + b"\r\n\r\n")
                await writer.drain()
                if closes:
                    break
        except Malformed as error:
            self.malformed.append(str(error))
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
