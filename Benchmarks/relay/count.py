#!/usr/bin/env python3
"""What a stream and an event cost Sluice, counted and not timed.

Opens STREAMS streams, one user each, and looks at what an idle one holds. Then EVENTS events pass, each
when the one before has arrived, once under strace and once with a counting allocator. Prints a table; see
README.md.
"""

import argparse
import asyncio
import mmap
import os
import pathlib
import resource
import signal
import ssl
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "transfer"))
import transfer as base  # noqa: E402

HEAD = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"transfer-encoding: chunked\r\n\r\n")
EVENT = b"data: an event of 30 bytes..\n\n"
CHUNK = b"%x\r\n%s\r\n" % (len(EVENT), EVENT)


class Gateway:
    """Answers every request with a stream, and says events when it is told to."""

    def __init__(self):
        self.writers = {}

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=4096)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        user = head.split(b"access_token=", 1)[1].split(b" ", 1)[0]
        self.writers[int(user)] = writer
        writer.write(HEAD)
        try:
            await reader.read()
        except (asyncio.CancelledError, ConnectionError):
            pass  # Sluice is gone, or all is over.


class Client:
    def __init__(self, user, reader, writer):
        self.user, self.reader, self.writer = user, reader, writer

    @staticmethod
    async def open(user, port, context):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost", limit=4096)
        writer.write(b"GET /events?access_token=%d HTTP/1.1\r\nhost: localhost\r\n"
                     b"accept: text/event-stream\r\n\r\n" % user)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            sys.exit(f"stream {user} was answered {head!r}")
        return Client(user, reader, writer)


def anonymous(pid):
    """KiB of the process that no file stands behind."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])


async def pass_events(gateway, clients, count):
    """One after the other, so that each is read and written by itself."""
    for number in range(count):
        client = clients[number % len(clients)]
        gateway.writers[client.user].write(CHUNK)
        if await client.reader.readexactly(len(CHUNK)) != CHUNK:
            sys.exit("an event came changed")


async def traced(pid, folder, work):
    """The calls of the process during `work`, by name."""
    report = folder / "strace.txt"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-c", "-o", report, "-p", str(pid)])
    while not any(b"TracerPid:\t%d\n" % tracer.pid in status.read_bytes()
                  for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status")):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    await work
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    rows = [line.split() for line in report.read_text().splitlines()]
    return {row[-1]: int(row[3]) for row in rows
            if len(row) >= 5 and row[3].isdigit() and row[-1] != "total"}


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--events", type=int, default=10_000)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        base.make_certificate(folder)
        library = folder / "count_allocations.so"
        subprocess.run(["clang", "-shared", "-fPIC", "-O2", "-o", library,
                        pathlib.Path(__file__).parent / "count_allocations.c"], check=True)
        (folder / "counters").write_bytes(bytes(16))
        with open(folder / "counters", "r+b") as file:
            counters = mmap.mmap(file.fileno(), 16)
        context = ssl.create_default_context(cafile=folder / "chain.pem")
        print("| what | seen |\n|---|---|")
        for counts_allocations in (False, True):
            if counts_allocations:
                os.environ["LD_PRELOAD"] = str(library)
                os.environ["COUNT_ALLOCATIONS"] = str(folder / "counters")
            gateway = Gateway()
            port, gateway_port = base.free_port(), await gateway.start()
            sluice = base.start_sluice(options.sluice.absolute(), folder, port, gateway_port)
            os.environ.pop("LD_PRELOAD", None)
            try:
                base.wait_for(port)
                before = anonymous(sluice.pid)
                clients = []
                for start in range(0, options.streams, 50):
                    clients += await asyncio.gather(*(
                        Client.open(user, port, context)
                        for user in range(start, min(start + 50, options.streams))))
                # Every stream has had an event, and what was needed for the first is there.
                await pass_events(gateway, clients, options.streams)
                await asyncio.sleep(1)
                if counts_allocations:
                    earlier = struct.unpack("QQ", counters[:16])
                    await pass_events(gateway, clients, options.events)
                    libraries, ours = (now - then for now, then in zip(
                        struct.unpack("QQ", counters[:16]), earlier))
                    print(f"| allocations of Sluice for {options.events} events | {ours} |")
                    print(f"| allocations of OpenSSL | {libraries} |", flush=True)
                else:
                    grown = anonymous(sluice.pid) - before
                    print(f"| anonymous memory for each of {options.streams} idle streams "
                          f"| {grown / options.streams:.1f} KiB |")
                    calls = await traced(
                        sluice.pid, folder, pass_events(gateway, clients, options.events))
                    for call, count in sorted(calls.items(), key=lambda item: -item[1]):
                        print(f"| `{call}` for {options.events} events | {count} |", flush=True)
            finally:
                sluice.terminate()
                sluice.wait()


if __name__ == "__main__":
    asyncio.run(main())
