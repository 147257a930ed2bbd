"""Asks of Sluice, over many requests of HTTP/1.1 and HTTP/2, right and wrong: either it refuses, or what reaches the
gateway is read the same by every server; and what both HAProxy and Envoy refuse, it refuses too."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import h2_forms
import h2_part
from client import send
from forms import generated
from readers import Servers
from recorder import Recorder

CONCURRENCY = 48


async def each(items, action):
    """Runs `action` over `items`, many at a time, in the order of the results."""
    results = [None] * len(items)
    queue = iter(enumerate(items))

    async def work():
        for index, item in queue:
            results[index] = await action(item)

    await asyncio.gather(*[work() for _ in range(CONCURRENCY)])
    return results


def show(name, data):
    return f"  {name}\n    {data[:400]!r}{'...' if len(data) > 400 else ''}"


async def read_alike(readers, cases, outcomes, recorder):
    """What was forwarded, replayed to each reader. Returns those that were read as something else, and
    those that a reader does not serve: that is no other reading."""
    forwarded = {}
    for (name, data), outcome in zip(cases, outcomes):
        for found in outcome.reports:
            forwarded.setdefault(recorder.requests[found["id"]], (name, data, found))
    unique = list(forwarded.items())
    problems, unserved = [], []
    for reader, port in readers.items():
        async def replay(item, quiet=0.04):
            return await send(port, item[0], quiet=quiet)

        answers = await each(unique, replay)
        agreed = 0
        for item, answer in zip(unique, answers):
            raw, (name, data, found) = item
            expected = [{k: v for k, v in found.items() if k != "id"}]
            if answer.readings() != expected:  # A slow machine is no disagreement.
                answer = await send(port, raw, quiet=0.5, patience=3)
            if answer.readings() == expected:
                agreed += 1
            elif not answer.reports and all(status >= 400 for status in answer.statuses) and answer.statuses:
                unserved.append((reader, answer.statuses[0], raw.split(b"\r\n")[0]))
            else:
                problems.append((reader, f"reads {answer.readings()}", name, raw))
        refused = sum(1 for who, _, _ in unserved if who == reader)
        print(f"{reader:10} was given {len(unique)} forwarded requests: {agreed} read as they were meant, "
              f"{refused} not served", flush=True)
    return problems, unserved


async def compare(proxies, cases, outcomes):
    """Where proxies refuse and Sluice does not."""
    refusals = {}
    for proxy, port in proxies.items():
        answers = await each(cases, lambda case: send(port, case[1]))
        refusals[proxy] = [answer.is_refused for answer in answers]
        print(f"{proxy:10} refused {sum(refusals[proxy])} of {len(cases)}", flush=True)
    suspects = []
    for index, (name, data) in enumerate(cases):
        who = [proxy for proxy in proxies if refusals[proxy][index]]
        if who and not outcomes[index].is_refused:
            suspects.append((who, name, data))

    async def again(suspect):  # A slow machine is no refusal.
        who, name, data = suspect
        return [proxy for proxy in who if (await send(proxies[proxy], data, 0.5, 3)).is_refused], name, data

    return [entry for entry in await each(suspects, again) if entry[0]]


async def second_version(options, servers, readers, recorder):
    """The part of HTTP/2, of a fifth as many requests. Returns what the gateway or a reader read as something
    else, what a reader does not serve, and what both proxies refuse and Sluice does not."""
    cases = list(h2_forms.generated(options.count // 5, options.seed))
    before = len(recorder.requests)
    outcomes = await h2_part.ask(each, servers.secure_port, cases)
    statuses = Counter(outcome.statuses.get(1, "reset") for outcome in outcomes)
    print(f"sluice     refused {sum(o.is_refused for o in outcomes)} of {len(cases)} of HTTP/2; "
          f"statuses {dict(sorted(statuses.items(), key=str))}", flush=True)
    problems = h2_part.misread(cases, outcomes, recorder.requests[before:])
    shown = [(name, form.shown.encode()) for name, form in cases]
    more, unserved = await read_alike(readers, shown, outcomes, recorder)
    proxies = {"haproxy": await servers.haproxy("proto h2"),
               "envoy": await servers.envoy(os.path.abspath(options.envoy), "HTTP2")}
    both, alone = await h2_part.looser(each, proxies, cases, outcomes)
    print(f"of HTTP/2, refused by one of them alone, not by Sluice: {alone}", flush=True)
    return problems + more, unserved, both


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sluice", required=True, help="the program")
    arguments.add_argument("--envoy", default=shutil.which("envoy"))
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    cases = list(generated(options.count, options.seed))
    recorder, backend = Recorder(), Recorder()
    folder = Path(tempfile.mkdtemp(prefix="sluice-smuggling-"))
    servers = Servers(folder, await recorder.start())
    try:
        sluice = await servers.sluice(os.path.abspath(options.sluice))
        servers.backend = await backend.start()
        haproxy, envoy = await servers.haproxy(), await servers.envoy(os.path.abspath(options.envoy))
        readers = {"nginx": await servers.nginx(), "haproxy": haproxy, "envoy": envoy,
                   "node": await servers.node(), "aiohttp": await servers.aiohttp()}
        outcomes = await each(cases, lambda case: send(sluice, case[1]))
        statuses = Counter(status for outcome in outcomes for status in outcome.statuses)
        print(f"sluice     refused {sum(o.is_refused for o in outcomes)} of {len(cases)}; "
              f"statuses {dict(sorted(statuses.items()))}", flush=True)
        problems, unserved = await read_alike(readers, cases, outcomes, recorder)
        looser = await compare({"haproxy": haproxy, "envoy": envoy}, cases, outcomes)
        h2 = await second_version(options, servers, readers, recorder)
        problems, unserved = problems + h2[0], unserved + h2[1]
        alive = await h2_part.alive(servers.secure_port) and (await send(sluice, cases[0][1], 0.5, 3)).statuses[:1] == [200]
    finally:
        servers.stop()
    both = [entry for entry in looser if len(entry[0]) == 2] + h2[2]
    print(f"malformed at the gateway: {len(recorder.malformed)} {recorder.malformed[:5]}")
    print(f"read differently: {len(problems)}")
    for reader, what, name, raw in problems[:40]:
        print(f" {reader} {what}:\n{show(name, raw)}")
    print(f"not served by a reader: {len(unserved)}")
    for (reader, status, line), times in Counter(
            (reader, status, line[:40]) for reader, status, line in unserved).most_common(25):
        print(f"  {times} x {reader} {status} {line!r}")
    print(f"refused by HAProxy and Envoy, not by Sluice: {len(both)}")
    for _, name, data in both[:40]:
        print(show(name, data))
    alone = Counter(entry[0][0] for entry in looser if len(entry[0]) == 1)
    print(f"refused by one of them alone, not by Sluice: {dict(alone)}")
    for who, name, data in [entry for entry in looser if len(entry[0]) == 1][:15]:
        print(f" {who[0]}:\n{show(name, data)}")
    print("sluice is alive" if alive else "sluice does not answer any more")
    failed = bool(problems or both or recorder.malformed or not alive)
    print("FAILED" if failed else "passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
