"""httpx with HTTP/2, used as its documentation shows.

    python httpx2.py PORT AUTHORITY BYTES TOKEN
"""

import hashlib
import os
import ssl
import sys

import httpx

from h2wire import tell

port, authority, size, token = sys.argv[1:]
trust = ssl.create_default_context(cafile=authority)
with httpx.Client(http2=True, verify=trust, base_url=f"https://localhost:{port}") as client:
    page = client.get("/page")
    tell("page", status=page.status_code, protocol=page.http_version, bytes=len(page.content))
    for body in (b"small", os.urandom(int(size))):
        answer = client.post("/upload", content=body)
        tell("uploaded", status=answer.status_code, sent=hashlib.sha256(body).hexdigest(),
             answer=answer.text)
    with client.stream("GET", "/events", params={"access_token": token},
                       headers={"accept": "text/event-stream"}) as events:
        tell("head", status=events.status_code, protocol=events.http_version)
        for line in events.iter_lines():
            tell("line", text=line)
    tell("ended")
    tell("again", status=client.get("/page").status_code)
