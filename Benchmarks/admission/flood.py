#!/usr/bin/env python3
"""A flood of requests for streams from one address: what does it cost those whom the gateway knows?

Twenty known users open and close streams, twenty a second together, alone and then beside RATE requests a
second without a token. Prints a table; see README.md.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "transfer"))
import transfer as base  # noqa: E402

KNOWN = 20
OPENS = 20  # A second, by all known users together.
FLOOD_ADDRESS, KNOWN_ADDRESS = "127.0.0.2", "127.0.0.3"
CONNECTIONS_MAX = 4000  # Of the flood.
ROUNDS = 4
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b"d\r\ndata: hello\n\n\r\n"
REFUSAL = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"


def token(user):
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, {"sub": user})]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".x"


# The gateway


class Gateway(asyncio.Protocol):
    """Opens a stream for whoever brings a token, and refuses everybody else after a while."""

    def __init__(self, delay):
        self.delay = delay

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if b"access_token=" in data:
            self.transport.write(HEAD + EVENT)
        elif self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, REFUSAL)
        else:
            self.transport.write(REFUSAL)


def run_gateway(port, delay):
    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Gateway(delay), "127.0.0.1", port, backlog=4096)
        await server.serve_forever()

    asyncio.run(main())


# The clients


class Client(asyncio.Protocol):
    """One connection, from an address of its own; one request at a time."""

    def __init__(self, answered):
        self.answered = answered

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if data.startswith(b"HTTP/"):
            self.answered(self, int(data[9:12]))

    def connection_lost(self, error):
        self.answered(self, None)

    def ask(self, target):
        self.transport.write(
            f"GET {target} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n".encode())


async def connect(port, address, answered):
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: Client(answered), "127.0.0.1", port, local_addr=(address, 0))
    return client


async def open_known(port, seconds, times, refused):
    """Streams of known users, each on a connection of its own; the time is from request to head."""

    async def once(number):
        answer = asyncio.get_running_loop().create_future()

        def answered(client, status):
            if not answer.done():
                answer.set_result((time.monotonic(), status))

        client = await connect(port, KNOWN_ADDRESS, answered)
        began = time.monotonic()
        client.ask(f"/events?access_token={token(f'user-{number % KNOWN}')}")
        at, status = await asyncio.wait_for(answer, 30)
        times.append(at - began)
        if status != 200:
            refused.append(status)
        client.transport.abort()

    begin, tasks = time.monotonic(), []
    for number in range(int(seconds * OPENS)):
        await asyncio.sleep(max(0, begin + number / OPENS - time.monotonic()))
        tasks.append(asyncio.create_task(once(number)))
    await asyncio.gather(*tasks)


def run_flood(port, rate, turns, answers):
    """As many requests a second as it is told, whether or not those before were answered, from each
    `begin` to its `end`."""

    async def main():
        idle, counts, connections = [], {}, 0

        def count(what):
            counts[what] = counts.get(what, 0) + 1

        def answered(client, status):
            nonlocal connections
            if status is None:
                connections -= 1
                with contextlib.suppress(ValueError):
                    idle.remove(client)
                return
            count(status)
            idle.append(client)

        async def once():
            nonlocal connections
            if idle:
                return idle.pop().ask("/events")
            if connections >= CONNECTIONS_MAX:
                return count("unsent")
            connections += 1
            try:
                (await connect(port, FLOOD_ADDRESS, answered)).ask("/events")
            except OSError:
                connections -= 1
                count("failed")

        tasks = set()
        while seconds := await asyncio.to_thread(turns.get):
            begin, number = time.monotonic(), 0
            while time.monotonic() < begin + seconds:
                while number < (time.monotonic() - begin) * rate:
                    number += 1
                    task = asyncio.create_task(once())
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                await asyncio.sleep(0.002)
            count("sent")
            counts["sent"] += number - 1
        answers.put(counts)

    asyncio.run(main())


# The measurement


@contextlib.contextmanager
def sluice(binary, folder, port, gateway):
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies/default.yaml").write_text(
        "version: 1\npolicies:\n  - name: default\n    max_streams_per_user: 100\n")
    (folder / "sluice.yaml").write_text(f"""listen:
  - address: 127.0.0.1:{port}
policies: {folder}/policies
gateway: {{ url: "http://127.0.0.1:{gateway}" }}
identity: {{ tokens: ["query:access_token"] }}
limits: {{ connections_per_address_max: 10000 }}
log: {{ level: warning }}
""")
    process = subprocess.Popen([binary, "run", "--config", folder / "sluice.yaml"], stdout=subprocess.DEVNULL)
    try:
        base.wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


async def measure(port, rate, seconds):
    """Calm and flooded in turns, so that whatever else the machine does meets both."""
    calm, beside, refused = [], [], []
    turns, answers = multiprocessing.Queue(), multiprocessing.Queue()
    flood = multiprocessing.Process(target=run_flood, args=(port, rate, turns, answers))
    flood.start()
    await open_known(port, KNOWN / OPENS, [], [])  # Now they are known.
    for _ in range(ROUNDS):
        await open_known(port, seconds / ROUNDS, calm, refused)
        turns.put(seconds / ROUNDS + 2)
        await asyncio.sleep(1)
        await open_known(port, seconds / ROUNDS, beside, refused)
        await asyncio.sleep(2)
    turns.put(None)
    flooded = await asyncio.to_thread(answers.get)
    flood.join()
    return calm, beside, refused, flooded


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sluice", required=True, help="the binary; a release build")
    parser.add_argument("--rate", type=int, default=800, help="requests of the flood in a second")
    parser.add_argument("--seconds", type=float, default=20, help="of each of the two, in four turns")
    options = parser.parse_args()
    print("| gateway refuses | p50 alone | beside | ratio | p99 alone | beside | ratio | known refused | flood |")
    print("|---|---|---|---|---|---|---|---|---|")
    for delay in (0, 1, 10):
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
            folder = pathlib.Path(name)
            port, gateway_port = base.free_port(), base.free_port()
            gateway = multiprocessing.Process(target=run_gateway, args=(gateway_port, delay), daemon=True)
            gateway.start()
            base.wait_for(gateway_port)
            with sluice(options.sluice, folder, port, gateway_port):
                calm, beside, refused, flood = asyncio.run(
                    measure(port, options.rate, options.seconds))
            gateway.terminate()
            gateway.join()
        cells = ["at once" if delay == 0 else f"after {delay} s"]
        for part in (0.5, 0.99):
            alone, with_flood = percentile(calm, part), percentile(beside, part)
            cells += [f"{alone * 1000:.1f} ms", f"{with_flood * 1000:.1f} ms", f"{with_flood / alone:.2f}"]
        cells += [str(len(refused)), ", ".join(f"{value} {key}" for key, value in flood.items())]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
