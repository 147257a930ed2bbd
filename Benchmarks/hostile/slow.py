#!/usr/bin/env python3
"""slowhttptest's three attacks, and how a healthy client fares meanwhile.

Sluice and nginx in turn: a healthy client alone, then beside CONNECTIONS slow ones. Prints a table; see
README.md.
"""

import argparse
import http.client
import multiprocessing
import os
import pathlib
import re
import resource
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "transfer"))
import transfer as base  # noqa: E402

ATTACKS = {
    "headers (-H)": ["-H", "-i", "5", "-x", "24", "-t", "GET"],
    "body (-B)": ["-B", "-i", "5", "-x", "10", "-s", "8192", "-t", "POST"],
    "reading (-X)": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3"],
}
PATHS = {"headers (-H)": "/", "body (-B)": "/upload", "reading (-X)": "/large"}
PACE = 0.01  # Seconds between two requests of a healthy client.


def pin(pid, core):
    """All threads of a process, where that is wished."""
    for task in os.listdir(f"/proc/{pid}/task") if core is not None else ():
        os.sched_setaffinity(int(task), {core})


def be_healthy(port, authority, seconds, results):
    """Two clients: one keeps its connection, one opens a new one for each request."""
    context = ssl.create_default_context(cafile=authority)

    def ask(connection):
        began = time.monotonic()
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return time.monotonic() - began

    def run(keeps, times, failures):
        deadline, connection = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                began = time.monotonic()
                if connection is None or not keeps:
                    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=5)
                    connection.connect()
                times.append(time.monotonic() - began + ask(connection))
            except OSError:
                failures.append(1)
                connection = None
            if connection and not keeps:
                connection.close()
            time.sleep(PACE)

    kept, fresh, failures = [], [], []
    threads = [threading.Thread(target=run, args=(keeps, times, failures))
               for keeps, times in ((True, kept), (False, fresh))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((kept, fresh, len(failures)))


def healthy(port, authority, seconds):
    results = multiprocessing.Queue()
    process = multiprocessing.Process(target=be_healthy, args=(port, authority, seconds, results))
    process.start()
    answer = results.get()
    process.join()
    return answer


def percentile(times, part):
    return 1000 * sorted(times)[min(len(times) - 1, int(len(times) * part))] if times else float("inf")


def measure(title, proxy_name, start, folder, source_port, options):
    port = base.free_port()
    proxy = start(options.sluice.absolute(), folder, port, source_port)
    try:
        base.wait_for(port)
        pin(proxy.pid, 0 if options.pin else None)
        alone = healthy(port, folder / "chain.pem", options.seconds / 2)
        before = base.memory(proxy.pid)[0]
        attack = subprocess.Popen(
            ["slowhttptest", "-c", str(options.connections), "-r", "200", "-p", "5",
             "-l", str(options.seconds + 6), *ATTACKS[title], "-u", f"https://localhost:{port}{PATHS[title]}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        pin(attack.pid, 1 if options.pin else None)
        time.sleep(4)  # Until most of them are there.
        beside = healthy(port, folder / "chain.pem", options.seconds)
        said = re.sub(r"\x1b\[[0-9;]*m", "", attack.communicate()[0])
        peak = base.memory(proxy.pid)[1]
    finally:
        proxy.terminate()
        proxy.wait()
    most = max((int(number) for number in re.findall(r"connected:\s+(\d+)", said)), default=0)
    cells = []
    for index in (0, 1):
        one, other = percentile(alone[index], 0.99), percentile(beside[index], 0.99)
        cells.append(f"{one:.1f} ms | {other:.1f} ms | {other / one:.2f}")
    print(f"| {title} | {proxy_name} | {most} | {cells[0]} | {cells[1]} | {alone[2]} / {beside[2]} "
          f"| {before / 1024:.1f} MiB | {peak / 1024:.1f} MiB |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--pin", action="store_true", help="slowhttptest gets a core of its own")
    options = parser.parse_args()
    # Before anything is started: the healthy client and the gateway inherit it.
    pin(os.getpid(), 0 if options.pin else None)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with base.site() as (folder, source_port):
        print("| slow | proxy | slow clients at most | kept: p99 alone | p99 beside | ratio "
              "| new: p99 alone | p99 beside | ratio | failures | resident before | peak |")
        print("|---|---|---|---|---|---|---|---|---|---|---|---|")
        for title in ATTACKS:
            for proxy_name, start in (("Sluice", base.start_sluice), ("nginx", base.start_nginx)):
                measure(title, proxy_name, start, folder, source_port, options)


if __name__ == "__main__":
    main()
