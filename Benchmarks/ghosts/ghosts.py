#!/usr/bin/env python3
"""A thousand clients that vanish, and one newcomer: who gets a stream, and when?

Opens GHOSTS streams through each proxy, cuts their network so that nobody is told, and then has one
newcomer ask. The gateway goes on writing all the while. Prints a table; see README.md. Needs root.
"""

import argparse
import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time

NAMESPACE = "sluice-bench-ghosts"
INTERFACE = "ghosts"
NEAR, FAR = "198.19.0.1", "198.19.0.2"
NOBODY = "02:00:00:00:00:01"  # No interface has this address.
PATIENCE = 10.0  # How long the newcomer waits for an answer before it asks again, in seconds.


def ip(*arguments, check=True):
    subprocess.run(["ip", *arguments], check=check, stderr=None if check else subprocess.DEVNULL)


def make_network():
    delete_network()
    ip("netns", "add", NAMESPACE)
    ip("link", "add", INTERFACE, "type", "veth", "peer", "name", "far", "netns", NAMESPACE)
    ip("address", "add", NEAR + "/30", "dev", INTERFACE)
    ip("link", "set", INTERFACE, "up")
    ip("-n", NAMESPACE, "address", "add", FAR + "/30", "dev", "far")
    ip("-n", NAMESPACE, "link", "set", "far", "up")


def delete_network():
    # The link by itself: sockets that are still closing keep the namespace for a while.
    ip("link", "delete", INTERFACE, check=False)
    ip("netns", "delete", NAMESPACE, check=False)


def cut_network():
    """Neither end hears of the other any more, and neither is told."""
    lost = ["lladdr", NOBODY, "nud", "permanent", "dev"]
    ip("neighbor", "replace", FAR, *lost, INTERFACE)
    ip("-n", NAMESPACE, "neighbor", "replace", NEAR, *lost, "far")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The ghosts


def be_ghosts(port, users):
    """Opens a stream for each user, says so, and reads nothing more. Runs inside the namespace."""
    streams = []
    for start in range(0, len(users), 100):
        batch = []
        for user in users[start : start + 100]:
            stream = socket.create_connection((NEAR, port), timeout=30)
            stream.sendall(request(user))
            batch.append(stream)
        for stream in batch:
            text = b""
            while b"data: 0" not in text:
                piece = stream.recv(4096)
                if not piece:
                    sys.exit(f"a ghost was answered {text[:200]!r}")
                text += piece
        streams += batch
    print("open", len(streams), flush=True)
    sys.stdin.read()


def request(user):
    return (
        f"GET /events?access_token={user} HTTP/1.1\r\nhost: localhost\r\n"
        "accept: text/event-stream\r\ncache-control: no-cache\r\n\r\n"
    ).encode()


# The gateway


class Gateway:
    """Streams that never end, and a count of those that are open."""

    def __init__(self):
        self.open = set()
        self.last_ghost_left = None

    async def start(self, heartbeat):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Stream(self), "127.0.0.1", 0, backlog=2048)
        self.port = server.sockets[0].getsockname()[1]
        self.task = asyncio.create_task(self.write(heartbeat))

    async def write(self, heartbeat):
        number = 0
        while True:
            await asyncio.sleep(heartbeat)
            number += 1
            for stream in list(self.open):
                stream.say(number)

    @property
    def ghosts(self):
        return sum(1 for stream in self.open if stream.is_ghost)


class Stream(asyncio.Protocol):
    is_ghost = True

    def __init__(self, gateway):
        self.gateway = gateway

    def connection_made(self, transport):
        self.transport = transport
        self.head = b""

    def data_received(self, data):
        self.head += data
        if not self.head.endswith(b"\r\n\r\n"):
            return
        self.is_ghost = b"newcomer: yes" not in self.head
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        self.gateway.open.add(self)
        self.say(0)

    def say(self, number):
        event = f"event: heartbeat\ndata: {number}\n\n".encode()
        self.transport.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")

    def connection_lost(self, error):
        if self in self.gateway.open:
            self.gateway.open.discard(self)
            if self.is_ghost:
                self.gateway.last_ghost_left = time.monotonic()


# The proxies: each with its defaults, and with the limit that it has for the scene


def sluice(arguments, folder, port, gateway, scene):
    policies = folder + "/policies"
    os.mkdir(policies)
    limit = arguments.ghosts
    with open(policies + "/default.yaml", "w") as file:
        if scene == "one":
            file.write(
                "version: 1\npolicies:\n  - name: default\n"
                f"    max_streams_per_user: {limit}\n    on_excess: close_oldest\n"
            )
        else:
            file.write(
                f"version: 1\nglobal: {{ max_streams: {limit}, on_excess: close_oldest }}\n"
            )
    return [
        arguments.sluice, "run", "--listen", f"0.0.0.0:{port}", "--gateway",
        f"http://127.0.0.1:{gateway}", "--token", "query:access_token", "--policies", policies,
        "--workers", "1",
    ]  # fmt: skip


def nginx(arguments, folder, port, gateway, scene):
    zone = "user" if scene == "one" else "all"
    with open(folder + "/nginx.conf", "w") as file:
        file.write(f"""
            worker_processes 1; worker_rlimit_nofile 20000; daemon off; pid {folder}/pid;
            error_log {folder}/error.log;
            events {{ worker_connections 10000; }}
            http {{
                access_log off;
                limit_conn_zone $arg_access_token zone=user:10m;
                limit_conn_zone $server_port zone=all:10m;
                server {{
                    listen 0.0.0.0:{port};
                    location / {{
                        limit_conn {zone} {arguments.ghosts};
                        proxy_pass http://127.0.0.1:{gateway};
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_buffering off;
                    }}
                }}
            }}
            """)
    return ["nginx", "-c", folder + "/nginx.conf", "-e", folder + "/error.log"]


def haproxy(arguments, folder, port, gateway, scene, bind_options=""):
    per_user = f"""
    stick-table type string len 128 size 100k expire 1h store conn_cur
    http-request track-sc0 url_param(access_token)
    http-request deny deny_status 429 if {{ sc0_conn_cur gt {arguments.ghosts} }}"""
    limit = per_user if scene == "one" else f"\n    maxconn {arguments.ghosts}"
    with open(folder + "/haproxy.cfg", "w") as file:
        file.write(f"""global
    maxconn 8000
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend clients
    bind 0.0.0.0:{port} {bind_options}{limit}
    default_backend gateway
backend gateway
    server gateway 127.0.0.1:{gateway}
""")
    return ["haproxy", "-db", "-f", folder + "/haproxy.cfg"]


def haproxy_tuned(arguments, folder, port, gateway, scene):
    """With the one option that finds ghosts: TCP_USER_TIMEOUT, as long as Sluice's default."""
    return haproxy(arguments, folder, port, gateway, scene, "tcp-ut 30s")


NAMES = {
    sluice: "Sluice",
    nginx: "nginx",
    haproxy: "HAProxy",
    haproxy_tuned: "HAProxy with `tcp-ut 30s`",
}


# The scene


class Scene:
    def __init__(self, proxy, scene):
        self.proxy, self.scene = proxy, scene
        self.first = "nothing"
        self.admitted = None
        self.gateway = Gateway()

    async def set_up(self, arguments):
        await self.gateway.start(arguments.heartbeat)
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        command = self.proxy(
            arguments, self.folder.name, self.port, self.gateway.port, self.scene
        )
        self.process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await self.await_port()
        self.crowd = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", NAMESPACE, sys.executable, __file__, "--be-ghosts",
            self.scene, "--port", str(self.port), "--ghosts", str(arguments.ghosts),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        if not await self.crowd.stdout.readline():
            raise SystemExit(f"{self.proxy.__name__}: the ghosts got no streams")
        assert self.gateway.ghosts == arguments.ghosts

    async def await_port(self):
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.05)
        raise SystemExit(f"{self.proxy.__name__} does not start")

    async def play(self, arguments, cut, delay):
        """The newcomer asks again and again until it has a stream; then the ghosts are watched."""
        await asyncio.sleep(delay)
        deadline = cut + arguments.limit
        attempts = 0
        while self.admitted is None and time.monotonic() < deadline:
            begun = time.monotonic()
            outcome, writer = await self.ask()
            attempts += 1
            took = time.monotonic() - begun
            if outcome == "stream":
                self.admitted = time.monotonic() - cut
                outcome = f"a stream after {took * 1000:.0f} ms"
            elif writer:
                writer.close()
            if attempts == 1:
                self.first = outcome
            if self.admitted is None:
                await asyncio.sleep(1)
        while self.gateway.ghosts and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
        self.left = self.gateway.ghosts
        self.report(cut, arguments)

    async def ask(self):
        user = "ghost" if self.scene == "one" else "newcomer"
        writer = None
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                fields = b"newcomer: yes\r\n\r\n"
                writer.write(request(user)[:-2] + fields)
                status = (await reader.readline()).split()
                if len(status) < 2:
                    return "closed without an answer", writer
                if status[1] != b"200":
                    return f"{status[1].decode()}", writer
                await reader.readuntil(b"data: 0")
                return "stream", writer
        except TimeoutError:
            return f"no answer in {PATIENCE:.0f} s", writer
        except (OSError, asyncio.IncompleteReadError):
            return "cut", writer

    def report(self, cut, arguments):
        limit = f"not in {arguments.limit} s"
        admitted = limit if self.admitted is None else f"{self.admitted:.1f} s"
        if self.left:
            found = f"{limit} ({self.left} left)"
        else:
            found = f"{self.gateway.last_ghost_left - cut:.0f} s"
        whose = "one user" if self.scene == "one" else "many users"
        self.row = f"| {whose} | {NAMES[self.proxy]} | {self.first} | {admitted} | {found} |"
        print(self.row, file=sys.stderr, flush=True)

    def end(self):
        for process in (self.process, self.crowd):
            if process.returncode is None:
                process.terminate()


async def main(arguments):
    scenes = [Scene(proxy, scene) for scene in ("one", "many") for proxy in NAMES]
    try:
        for scene in scenes:
            await scene.set_up(arguments)
        cut_network()
        cut = time.monotonic()
        # A moment later, so that nobody has found out; one after the other, for the machine's sake.
        await asyncio.gather(
            *(scene.play(arguments, cut, 2 + i / 2) for i, scene in enumerate(scenes))
        )
        print(f"{arguments.ghosts} ghosts, an event every {arguments.heartbeat} s\n")
        print("| the ghosts' streams belong to | proxy | the newcomer's first try "
              "| it has a stream after the cut | the last ghost is found after |")
        print("|---|---|---|---|---|")
        for scene in scenes:
            print(scene.row)
    finally:
        for scene in scenes:
            if hasattr(scene, "crowd"):
                scene.end()
        delete_network()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sluice", default=".build/release/sluice", help="the program")
    parser.add_argument("--ghosts", type=int, default=1000, help="how many clients vanish")
    parser.add_argument("--heartbeat", type=float, default=5.0, help="seconds between two events")
    parser.add_argument("--limit", type=int, default=1000, help="seconds to watch")
    parser.add_argument("--be-ghosts", choices=["one", "many"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    if arguments.be_ghosts:
        users = ["ghost" if arguments.be_ghosts == "one" else f"ghost-{i}"
                 for i in range(arguments.ghosts)]
        be_ghosts(arguments.port, users)
    else:
        make_network()
        asyncio.run(main(arguments))
