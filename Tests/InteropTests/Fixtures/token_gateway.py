"""A gateway that asks a framework for its token: the cookie `session` or the parameter `access_token`.

Run as `token_gateway.py aiohttp` or `token_gateway.py starlette`. It believes tokens whose signature
reads "good", gives their users a stream, and tells whose it was.
"""

import asyncio
import base64
import json
import socket
import sys


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}, separators=(",", ":")), flush=True)


def user_of(token):
    try:
        _, payload, signature = token.split(".")
        user = json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
    except (AttributeError, KeyError, ValueError):
        return None
    return user if signature == "good" else None


def listener():
    server = socket.create_server(("127.0.0.1", 0))
    return server


async def aiohttp_gateway():
    from aiohttp import web

    async def events(request):
        place = request.query if request.path == "/query" else request.cookies
        user = user_of(place.get("access_token" if request.path == "/query" else "session"))
        if user is None:
            return web.Response(status=401)
        tell("opened", user=user)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b"data: x\n\n")
                await asyncio.sleep(0.05)
        finally:
            tell("closed", user=user)

    app = web.Application()
    app.router.add_get("/query", events)
    app.router.add_get("/cookie", events)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    server = listener()
    await web.SockSite(runner, server).start()
    tell("ready", port=server.getsockname()[1])
    await asyncio.Event().wait()


async def starlette_gateway():
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    async def events(request):
        query = request.url.path == "/query"
        user = user_of(
            request.query_params.get("access_token") if query else request.cookies.get("session"))
        if user is None:
            return Response(status_code=401)
        tell("opened", user=user)

        async def ticks():
            try:
                while True:
                    yield "data: x\n\n"
                    await asyncio.sleep(0.05)
            finally:
                tell("closed", user=user)

        return StreamingResponse(ticks(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/query", events), Route("/cookie", events)])
    server = listener()
    tell("ready", port=server.getsockname()[1])
    await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve(sockets=[server])


asyncio.run({"aiohttp": aiohttp_gateway, "starlette": starlette_gateway}[sys.argv[1]]())
