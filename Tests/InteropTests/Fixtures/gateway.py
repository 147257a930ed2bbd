"""A gateway on sse-starlette and uvicorn, used as their documentation shows.

It tells what it does as one JSON object per line. A stream belongs to the `sub` of the token in
the query; the token is believed when its signature reads "good".
"""

import asyncio
import base64
import gzip
import hashlib
import itertools
import json
import os
import socket
import time
from collections import Counter
from pathlib import Path

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

numbers = itertools.count(1)
live = Counter()
spoken = asyncio.Event()


def tell(event, **fields):
    line = {"event": event, "ms": int(time.monotonic() * 1000), **fields}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def user_of(request):
    header, payload, signature = request.query_params["access_token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims["sub"] if signature == "good" else None


async def events(request):
    """Ticks until the client goes, from after the Last-Event-ID on."""
    user = user_of(request)
    if user is None:
        return PlainTextResponse("bad token", 401)
    stream, last = next(numbers), int(request.headers.get("last-event-id", 0))
    live[user] += 1
    tell("opened", stream=stream, user=user, live=live[user], last_event_id=last,
         accept_encoding=request.headers.get("accept-encoding"),
         forwarded_proto=request.headers.get("x-forwarded-proto"))

    async def ticks():
        try:
            for tick in itertools.count(last + 1):
                yield {"id": str(tick), "event": "tick", "data": f"{stream} {tick}"}
                await asyncio.sleep(0.05)
        finally:
            live[user] -= 1
            tell("closed", stream=stream, user=user, live=live[user])

    return EventSourceResponse(ticks(), ping=1)


async def silence(request):
    """Says nothing but the head, until somebody says "speak" on the standard input."""
    stream = next(numbers)
    tell("opened", stream=stream, user=user_of(request), live=1, last_event_id=0)

    async def ticks():
        try:
            await spoken.wait()
            for tick in itertools.count(1):
                yield {"id": str(tick), "event": "tick", "data": f"{stream} {tick}"}
                await asyncio.sleep(0.05)
        finally:
            tell("closed", stream=stream, live=0)

    return EventSourceResponse(ticks(), ping=3600)


async def quiet(request):
    """The same page, for a stream that is silent at first."""
    return HTMLResponse(Path(__file__).with_name("tab.html").read_text().replace(
        "/events?", "/silence?"))


async def story(request):
    """A stream with an end, with one of everything that the format has."""

    async def frames():
        yield {"data": "the first words"}
        yield {"id": "1", "event": "lines", "data": "one\ntwo\n\nfour"}
        yield {"comment": "nobody hears this"}
        yield {"retry": 4000, "data": "grüße, 世界, 🌊"}
        yield {"id": "é2", "data": "x" * 300_000}
        yield ServerSentEvent(data="line feeds only", sep="\n")
        for number in range(2000):
            yield {"data": number}
        tell("told")

    return EventSourceResponse(frames())


async def upload(request):
    count, digest = 0, hashlib.sha256()
    async for part in request.stream():
        count += len(part)
        digest.update(part)
    tell("uploaded", bytes=count, sha256=digest.hexdigest(),
         framing=request.headers.get("transfer-encoding", "length"))
    return JSONResponse({"bytes": count})


async def refuse(request):
    """Answers before it has read what it was sent."""
    return PlainTextResponse("too much", 413)


async def page(request):
    fields = {"etag": '"1"'}
    if request.headers.get("if-none-match") == '"1"':
        return Response(status_code=304, headers=fields)
    body = b"a page\n" * 1000
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, fields["content-encoding"] = gzip.compress(body), "gzip"
    return Response(body, headers=fields, media_type="text/plain")


async def tab(request):
    """The page of a browser's tab, on the same origin as its events."""
    return FileResponse(Path(__file__).with_name("tab.html"))


application = Starlette(routes=[
    Route("/events", events),
    Route("/silence", silence),
    Route("/quiet", quiet),
    Route("/story", story),
    Route("/page", page),
    Route("/tab", tab),
    Route("/upload", upload, methods=["POST"]),
    Route("/refuse", refuse, methods=["POST"]),
])

listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
# Accepted sockets inherit it. asyncio would set it itself, but only on listeners of its own making.
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
tell("ready", port=listener.getsockname()[1])
server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))


async def main():
    asyncio.get_running_loop().add_reader(0, heed)
    await server.serve(sockets=[listener])


def heed():
    if os.read(0, 4096):
        spoken.set()
    else:
        asyncio.get_running_loop().remove_reader(0)


asyncio.run(main())
