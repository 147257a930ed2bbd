#!/usr/bin/env python3
"""Floods on streams of HTTP/2 that are over, or were never there: what they cost Sluice and the client, and what
another client notices of them.

A process of its own sends each attack, again on a new connection whenever Sluice ends one, for SECONDS. Beside it
a client on another connection asks for a page, time after time, alone first and then under the flood. Prints a
table; see README.md.
"""

import argparse
import http.client
import multiprocessing
import pathlib
import select
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import floods  # noqa: E402
from floods import DATA, HEAD, HEADERS, POST, PREFACE, RST, SETTINGS, base, frame  # noqa: E402

GET = frame(HEADERS, 5, 5, HEAD)
UPLOAD = frame(HEADERS, 4, 5, POST)
# Named by a byte each, and unpacked by whoever keeps the table.
FIELDS = b"\x82" * 16_000
# What is said and answered first, and what is sent after it without end.
ATTACKS = {
    "empty DATA on an answered GET (F13)": (GET, frame(DATA, 1, 5)),
    "empty DATA on a number left out (F13)": (GET, frame(DATA, 1, 3)),
    "empty DATA on a stream that was reset (F13)": (UPLOAD + frame(RST, 0, 5, b"\0\0\0\x08"), frame(DATA, 1, 5)),
    "field sections on an answered GET (F05)": (GET, frame(HEADERS, 5, 5, FIELDS)),
    "field sections on a number left out (F15)": (GET, frame(HEADERS, 5, 3, FIELDS)),
    "WINDOW_UPDATE on an answered GET (F09)": (GET, frame(floods.UPDATE, 0, 5, b"\0\0\0\1")),
    "PRIORITY of an answered GET (F08)": (GET, frame(2, 0, 5, b"\0\0\0\0\1")),
    "what nobody knows, on an answered GET (F16)": (GET, frame(0x42, 1, 5)),
}
BLOB_BYTES = 4_000_000
# SETTINGS, and of most attacks a response: what comes when the first part has had its effect.
ANSWER_BYTES = 100


def attack(port, chain, first, repeated, seconds, results):
    """Sends the attack until the time is up, and tells what that took."""
    context = ssl.create_default_context(cafile=chain)
    context.set_alpn_protocols(["h2"])
    blob = repeated * (BLOB_BYTES // len(repeated))
    deadline, before, sent, connections = time.monotonic() + seconds, time.process_time(), 0, 0
    while time.monotonic() < deadline:
        client = floods.Client(port, context)
        client.attack(PREFACE + frame(SETTINGS, 0, 0) + first, 1)
        answered = time.monotonic() + 0.2
        while not client.is_over and client.heard < ANSWER_BYTES and time.monotonic() < answered:
            select.select([client.socket], [], [], 0.002)
            client.read()
        while not client.is_over and time.monotonic() < deadline:
            client.attack(blob, max(0, deadline - time.monotonic()))
        sent, connections = sent + client.sent, connections + 1
        client.socket.close()
    results.put((time.process_time() - before, sent, connections))


def canary(port, chain, seconds):
    """How long each of many requests took on one connection, in milliseconds, sorted."""
    context = ssl.create_default_context(cafile=chain)
    client = http.client.HTTPSConnection("localhost", port, context=context)
    deadline, times = time.monotonic() + seconds, []
    while time.monotonic() < deadline:
        begin = time.monotonic()
        client.request("GET", "/")
        client.getresponse().read()
        times.append(1000 * (time.monotonic() - begin))
        time.sleep(0.005)
    client.close()
    return sorted(times)


def rank(times, part):
    return times[min(len(times) - 1, int(part * len(times)))]


def measure(name, first, repeated, start, chain, seconds):
    proxy, port = start()
    calm = canary(port, chain, seconds)
    before = floods.quiet(proxy.pid)
    results = multiprocessing.Queue()
    attacker = multiprocessing.Process(target=attack, args=(port, chain, first, repeated, seconds, results))
    attacker.start()
    flooded = canary(port, chain, seconds)
    client_cpu, sent, connections = results.get(timeout=60)
    attacker.join()
    # The canary's own requests cost something too: as much as when it was alone.
    sluice_cpu = floods.quiet(proxy.pid) - before
    floods.stop(proxy)
    print(f"| {name} | {sent / 1e6:.0f} MB | {connections} | {client_cpu:.2f} s | {sluice_cpu:.2f} s "
          f"| {sluice_cpu / client_cpu:.1f} | {rank(calm, 0.5):.1f} / {rank(calm, 0.99):.1f} ms "
          f"| {rank(flooded, 0.5):.1f} / {rank(flooded, 0.99):.1f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default="", help="attacks whose name contains this")
    options = parser.parse_args()
    with base.site() as (folder, source_port):

        def start():
            port = base.free_port()
            proxy = base.start_sluice(options.sluice.absolute(), folder, port, source_port)
            base.wait_for(port)
            return proxy, port

        print("| attack | sent | connections | CPU of the client | CPU of Sluice | ratio "
              "| canary alone, median / p99 | canary beside it |")
        print("|---|---|---|---|---|---|---|---|")
        for title, (first, repeated) in ATTACKS.items():
            if options.only in title:
                measure(title, first, repeated, start, folder / "chain.pem", options.seconds)


if __name__ == "__main__":
    main()
