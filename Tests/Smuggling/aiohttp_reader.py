"""Answers each request with how aiohttp reads it."""

import sys

from aiohttp import web

from recorder import reading, report


async def answer(request):
    body = await request.read()
    read = reading(request.method, request.raw_path, request.headers.get("host", ""), body)
    return web.Response(headers={"X-Report": report(read)})


async def main():
    # As long lines as Sluice lets through.
    server = web.Server(answer, max_line_size=65536, max_field_size=65536)
    runner = web.ServerRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]), backlog=1000).start()
    return runner


if __name__ == "__main__":
    import asyncio
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.run_forever()
