#!/usr/bin/env python3
"""What a reload costs the events that pass meanwhile.

Thousands of idle streams under a thousand policies; a few canaries get an event every few
milliseconds, and streams open and close all the time. Then SIGHUP, with policies that changed. Prints
the worst event of calm seconds and of each reload; see README.md.
"""

import argparse
import base64
import json
import multiprocessing
import pathlib
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "transfer"))
import transfer as base  # noqa: E402

HEAD = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"transfer-encoding: chunked\r\n\r\n")
CANARIES = 20
INTERVAL = 0.005
OPENS_PER_SECOND = 50


def serve(listener):
    """The gateway: every request is a stream; canaries get the time, again and again."""
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    peers, canaries = {}, []
    due = time.monotonic()
    while True:
        for descriptor, _ in poll.poll(max(due - time.monotonic(), 0)):
            if descriptor == listener.fileno():
                try:
                    while True:
                        peer, _ = listener.accept()
                        peer.setblocking(False)
                        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        # What waits while nobody reads must fit.
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                        peers[peer.fileno()] = (peer, bytearray())
                        poll.register(peer, select.EPOLLIN)
                except BlockingIOError:
                    continue
            peer, head = peers[descriptor]
            try:
                data = peer.recv(65536)
            except OSError:
                data = b""
            if not data:
                poll.unregister(descriptor)
                peer.close()
                del peers[descriptor]
                continue
            head += data
            if head.endswith(b"\r\n\r\n"):
                peer.sendall(HEAD)
                if b" /canary" in head:
                    canaries.append(peer)
        if time.monotonic() >= due:
            due += INTERVAL
            for peer in canaries:
                event = b"data: %d\n\n" % time.monotonic_ns()
                peer.sendall(b"%x\r\n%s\r\n" % (len(event), event))


def token(user, tenant):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    claims = {"sub": user, "tenant": tenant, "plan": "basic", "roles": {"admin": False},
              "padding": "x" * 600}
    return f'{part({"alg": "EdDSA"})}.{part(claims)}.{part("signature")}'


def ask(port, path, user, tenant):
    client = socket.create_connection(("127.0.0.1", port), 30)
    client.sendall(
        f"GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n"
        f"authorization: Bearer {token(user, tenant)}\r\n\r\n".encode())
    return client


def opened(client):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(4096)
        if not piece:
            sys.exit("a stream was not opened")
        head += piece
    if not head.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"a stream was answered {head!r}")
    return client


def watch(port, samples):
    """Reads the canaries and tells, for each event, when it came and how long it took."""
    clients = [opened(ask(port, "/canary", f"canary-{n}", f"t{n}")) for n in range(CANARIES)]
    poll = select.epoll()
    buffers = {client.fileno(): bytearray() for client in clients}
    by_descriptor = {client.fileno(): client for client in clients}
    for client in clients:
        poll.register(client, select.EPOLLIN)
    batch = []
    while True:
        for descriptor, _ in poll.poll():
            data = by_descriptor[descriptor].recv(65536)
            now = time.monotonic_ns()
            buffer = buffers[descriptor]
            buffer += data
            *lines, rest = buffer.split(b"\n")
            buffers[descriptor] = bytearray(rest)
            for line in lines:
                if line.startswith(b"data: "):
                    batch.append((now, now - int(line[6:])))
            if len(batch) >= 500:
                samples.send(batch)
                batch = []


def churn(port, opens):
    """Opens a stream and closes it, so many a second, and tells how long each took to open."""
    number = 0
    while True:
        begin = time.monotonic_ns()
        client = opened(ask(port, "/events", f"churn-{number}", f"t{number % 1000}"))
        opens.send((time.monotonic_ns(), time.monotonic_ns() - begin))
        client.close()
        number += 1
        time.sleep(1 / OPENS_PER_SECOND)


def policies(count, limit):
    lines = ["version: 1", "policies:"]
    for number in range(count):
        lines += [f"  - name: p{number}",
                  f'    match: {{ path: "/**", claims: {{ tenant: t{count - 1 - number} }} }}',
                  f"    max_streams_per_user: {limit}"]
    return "\n".join(lines) + "\n"


def collect(pipe, into):
    def run():
        try:
            while True:
                item = pipe.recv()
                into.extend(item if isinstance(item, list) else [item])
        except EOFError:
            pass  # Its process has ended.
    threading.Thread(target=run, daemon=True).start()


def worst(samples, begin, end):
    """The 99.9th percentile and the maximum, in milliseconds."""
    taken = sorted(took for at, took in list(samples) if begin <= at <= end)
    if not taken:
        sys.exit("no event in that time")
    return taken[int(len(taken) * 0.999)] / 1e6, taken[-1] / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--streams", type=int, default=9000)
    parser.add_argument("--policies", type=int, default=1000)
    parser.add_argument("--reloads", type=int, default=5)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "policies").mkdir()
        rules = folder / "policies/p.yaml"
        rules.write_text(policies(options.policies, 5))
        begin = time.monotonic()
        subprocess.run([options.sluice, "check", "--policies", folder / "policies"], check=True,
                       stdout=subprocess.DEVNULL)
        print("| what | seen |\n|---|---|")
        print(f"| check of {options.policies} policies | {time.monotonic() - begin:.2f} s |")
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        port = base.free_port()
        (folder / "sluice.yaml").write_text(
            f"listen:\n  - address: 127.0.0.1:{port}\npolicies: {folder}/policies\n"
            f"identity: {{ tokens: [bearer] }}\nworkers: 2\nlog: {{ to: {folder}/log }}\n"
            f"gateway:\n  url: http://127.0.0.1:{listener.getsockname()[1]}\n"
            "  streams_per_second: 5000\n")
        children = [multiprocessing.Process(target=serve, args=(listener,), daemon=True)]
        children[0].start()
        sluice = subprocess.Popen([options.sluice, "run", "--config", folder / "sluice.yaml"])
        try:
            base.wait_for(port)
            idle = []
            for start in range(0, options.streams, 200):
                asked = [ask(port, "/events", f"user-{n}", f"t{n % options.policies}")
                         for n in range(start, min(start + 200, options.streams))]
                idle += [opened(client) for client in asked]
            samples, opens = [], []
            for target, into in ((watch, samples), (churn, opens)):
                receiver, sender = multiprocessing.Pipe(duplex=False)
                children.append(
                    multiprocessing.Process(target=target, args=(port, sender), daemon=True))
                children[-1].start()
                collect(receiver, into)
            time.sleep(3)
            begin = time.monotonic_ns()
            time.sleep(10)
            calm, calm_opens = (worst(kind, begin, time.monotonic_ns()) for kind in (samples, opens))
            print(f"| worst event in 10 calm seconds | {calm[1]:.1f} ms (p99.9 {calm[0]:.1f}) |")
            print(f"| worst open | {calm_opens[1]:.1f} ms |")
            for number in range(options.reloads):
                rules.write_text(policies(options.policies, 6 + number))
                count = (folder / "log").read_text().count('"event":"reload"')
                begin = time.monotonic_ns()
                sluice.send_signal(signal.SIGHUP)
                while (folder / "log").read_text().count('"event":"reload"') == count:
                    time.sleep(0.05)
                took = (time.monotonic_ns() - begin) / 1e9
                time.sleep(4)
                event, opening = (worst(kind, begin, time.monotonic_ns())
                                  for kind in (samples, opens))
                print(f"| reload {number + 1}, in force after {took:.2f} s: worst event "
                      f"| {event[1]:.1f} ms (p99.9 {event[0]:.1f}), "
                      f"{event[1] - calm[1]:+.1f} against calm; worst open {opening[1]:.1f} ms |",
                      flush=True)
            for client in idle:
                client.setblocking(False)
                try:
                    if not client.recv(1):
                        sys.exit("an idle stream was closed")
                except BlockingIOError:
                    pass
        finally:
            for child in children:
                child.terminate()
            sluice.terminate()
            sluice.wait()


if __name__ == "__main__":
    main()
