"""The same question of HTTP/2: whatever of it reaches the gateway is what was meant, and all read it alike."""

from recorder import reading
from h2_client import SENTINEL, send

PROPER = reading("GET", "/sentinel", "localhost", b"")


def without_number(report):
    return {key: value for key, value in report.items() if key != "id"}


def misread(cases, outcomes, requests):
    """Where the gateway was given something else than the client has sent: `requests` are all that came."""
    problems = []
    for (name, form), outcome in zip(cases, outcomes):
        own, behind = outcome.on_stream.get(1), outcome.on_stream.get(3)
        if behind is not None and without_number(behind) != PROPER:
            problems.append(("gateway", f"reads the request behind it as {behind}", name, form.shown.encode()))
        if own is None:
            continue
        meant = reading("", "", "", form.body)
        if (own["length"], own["digest"]) != (meant["length"], meant["digest"]):
            problems.append(("gateway", f"reads another body: {own}", name, form.shown.encode()))
    for raw in requests:
        if raw.split(b" ")[1:2] == [b"/smuggled"]:
            problems.append(("gateway", "was given a smuggled request", "?", raw))
    return problems


async def ask(each, port, cases):
    """What came of each form. Behind a form that is refused, the request must be answered or reset."""
    return await each(cases, lambda case: send(port, case[1], tls=True))


async def looser(each, proxies, cases, outcomes):
    """What every proxy refuses and Sluice does not."""
    refusals = {}
    for proxy, port in proxies.items():
        answers = await each(cases, lambda case: send(port, case[1], tls=False))
        refusals[proxy] = [answer.is_refused for answer in answers]
        print(f"{proxy:10} refused {sum(refusals[proxy])} of {len(cases)} of HTTP/2", flush=True)
    both, alone = [], 0
    for index, (name, form) in enumerate(cases):
        if outcomes[index].is_refused:
            continue
        who = [proxy for proxy in proxies if refusals[proxy][index]]
        alone += len(who) == 1
        if len(who) < len(proxies):
            continue
        again = [(await send(port, form, tls=False, patience=6)).is_refused for port in proxies.values()]
        if all(again):
            both.append((who, name, form.shown.encode()))
    return both, alone


async def alive(port):
    return without_number((await send(port, SENTINEL, tls=True)).on_stream.get(1, {})) == PROPER
