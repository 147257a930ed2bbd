"""A real browser. It is driven by lines and tells in lines, each of them one JSON object.

    python3 browser.py chromium|firefox

It does what it reads: {"do": "open", "tab": NAME, "url": URL}; for a tab that is open "reload", "leave"
(to a page that says "away"), "back" and "close"; "freeze" and "thaw" for all its processes. Each is
followed by the line "done". What a page sends as a beacon to the address in the line "ready" becomes a
line of its own, so that nobody has to ask. Ends with its input or by SIGTERM, and leaves no process and
no file.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chromium import Chromium
from firefox import Firefox


def tell(event, **fields):
    line = json.dumps({"event": event, **fields}, separators=(",", ":"))
    # In one write, as several threads have something to tell.
    os.write(1, line.encode() + b"\n")


AWAY = b"""<!doctype html><title>Away</title>
<script>navigator.sendBeacon("/", '{"event":"away"}')</script>"""


class Beacons(BaseHTTPRequestHandler):
    """Takes what pages report, and has the page that a tab goes to when it leaves."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        tell(**json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.answer(b"")

    def do_GET(self):
        self.answer(AWAY)

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def obey(browser, away):
    for line in sys.stdin:
        command = json.loads(line)
        do, tab = command["do"], command.get("tab")
        if do == "open":
            browser.open(tab, command["url"])
        elif do == "leave":
            browser.go(tab, away)
        elif do == "freeze":
            os.killpg(browser.process.pid, signal.SIGSTOP)
        elif do == "thaw":
            os.killpg(browser.process.pid, signal.SIGCONT)
        else:
            {"reload": browser.reload, "back": browser.back, "close": browser.close}[do](tab)
        tell("done", do=do, tab=tab)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    beacons = ThreadingHTTPServer(("127.0.0.1", 0), Beacons)
    threading.Thread(target=beacons.serve_forever, daemon=True).start()
    away = f"http://127.0.0.1:{beacons.server_port}/"
    folder = tempfile.mkdtemp(prefix="sluice-browser-")
    browser = {"chromium": Chromium, "firefox": Firefox}[sys.argv[1]](folder)
    try:
        browser.connect()
        tell("ready", browser=browser.version, report=away)
        obey(browser, away)
    finally:
        os.killpg(browser.process.pid, signal.SIGKILL)
        browser.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()
