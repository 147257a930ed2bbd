"""A gateway of WebSockets on the websockets library. Tells what it does as one JSON object per line.

Says back whatever it is told, and does what the path says besides: `/fragments` sends each message in
pieces of 64 KiB, `/ask` sends a ping first, `/leave` closes with 4002 after the first message, `/abort`
drops the connection then. What is no WebSocket gets the page of socket.html.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from h2wire import tell


async def pieces(message):
    for start in range(0, max(1, len(message)), 65536):
        yield message[start:start + 65536]


async def handle(socket):
    path = socket.request.path
    tell("opened", path=path, key="Sec-WebSocket-Key" in socket.request.headers,
         upgrade=socket.request.headers.get("Upgrade"),
         forwarded_proto=socket.request.headers.get("X-Forwarded-Proto"),
         subprotocol=socket.subprotocol)
    if path == "/ask":
        await (await socket.ping(b"are you there"))
        tell("ponged")
    try:
        async for message in socket:
            tell("message", path=path, bytes=len(message.encode() if isinstance(message, str) else message))
            await socket.send(pieces(message) if path == "/fragments" else message)
            if path == "/leave":
                await socket.close(4002, "enough")
            elif path == "/abort":
                socket.transport.abort()
    except Exception as error:
        tell("broken", path=path, error=type(error).__name__)
    tell("closed", path=path, code=socket.close_code, reason=socket.close_reason)


def page(connection, request):
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return None
    body = Path(__file__).with_name("socket.html").read_bytes()
    fields = Headers([("Content-Type", "text/html"), ("Content-Length", str(len(body))),
                      ("Connection", "close")])
    return Response(HTTPStatus.OK.value, "OK", fields, body)


async def main():
    # Compression passes through like everything else; frames of the real size are the harder test.
    async with serve(handle, "127.0.0.1", 0, max_size=32_000_000, process_request=page,
                     subprotocols=["chat"]) as server:
        tell("ready", port=server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
