"""A client of one Python SDK, as its documentation shows it. Tells what it sees as JSON lines.

    python sdk.py httpx-sse|launchdarkly-eventsource|requests-sse|aiohttp-sse-client2 URL
"""

import asyncio
import json
import sys
import time

import httpx
import requests_sse
from aiohttp_sse_client2 import client as aiohttp_sse
from httpx_sse import connect_sse
from ld_eventsource import SSEClient
from ld_eventsource.config import ErrorStrategy
from ld_eventsource.errors import HTTPStatusError


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}, separators=(",", ":")), flush=True)


def heard(name, data, id):
    tell("tick" if name == "tick" else "evicted", data=data, id=id)


def run_httpx_sse(url):
    """It leaves the coming back to its caller, and gives it the id and the delay for it."""
    last, delay = "", 0.0
    with httpx.Client() as client:
        while True:
            time.sleep(delay)
            fields = {"Last-Event-ID": last} if last else {}
            with connect_sse(client, "GET", url, headers=fields) as source:
                source.response.raise_for_status()
                for event in source.iter_sse():
                    heard(event.event, event.data, event.id)
                    last = event.id
                    if event.retry is not None:
                        delay = event.retry / 1000


def run_launchdarkly_eventsource(url):
    """With the rule of LaunchDarkly's own server SDK for what is worth another attempt."""

    def rule(error):
        final = isinstance(error, HTTPStatusError) and (
            error.status < 500 and error.status not in (400, 408, 429))
        return ErrorStrategy.FAIL if final else ErrorStrategy.CONTINUE, None

    with SSEClient(url, error_strategy=ErrorStrategy.from_lambda(rule)) as client:
        for event in client.events:
            heard(event.event, event.data, event.last_event_id)


def run_requests_sse(url):
    with requests_sse.EventSource(url, timeout=30) as source:
        for event in source:
            heard(event.type, event.data, event.last_event_id)


def run_aiohttp_sse_client2(url):
    async def run():
        async with aiohttp_sse.EventSource(url) as source:
            async for event in source:
                heard(event.type, event.data, event.last_event_id)

    asyncio.run(run())


try:
    {"httpx-sse": run_httpx_sse, "launchdarkly-eventsource": run_launchdarkly_eventsource,
     "requests-sse": run_requests_sse, "aiohttp-sse-client2": run_aiohttp_sse_client2,
     }[sys.argv[1]](sys.argv[2])
    tell("ended", error="")
except Exception as error:
    tell("ended", error=f"{type(error).__name__}: {error}")
