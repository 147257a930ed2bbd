"""Chromium, over the pipe of its DevTools protocol: messages of JSON, each ended by a zero byte."""

import fcntl
import json
import os
import subprocess


class Chromium:
    def __init__(self, folder):
        commands, self.requests = os.pipe()
        self.replies, answers = os.pipe()

        def arrange():
            # It reads what it shall do on 3 and answers on 4. Debian's shell would do the same only
            # for descriptors below 10, and these may be any.
            high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands, answers)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--remote-debugging-pipe",
             f"--user-data-dir={folder}",
             # As root in a container.
             "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
             "--ignore-certificate-errors",
             # It calls nobody.
             "--no-proxy-server", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-breakpad",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=arrange, start_new_session=True)
        os.close(commands)
        os.close(answers)
        self.number, self.rest, self.tabs = 0, b"", {}

    def connect(self):
        self.version = self.ask("Browser.getVersion")["product"]

    def open(self, tab, url):
        self.tabs[tab] = self.ask("Target.createTarget", url=url)["targetId"]

    def go(self, tab, url):
        self.ask_tab(tab, "Page.navigate", url=url)

    def reload(self, tab):
        self.ask_tab(tab, "Page.reload")

    def back(self, tab):
        # Not at once: a page that comes back from its keeping takes no time, and takes the answer with it.
        self.ask_tab(tab, "Runtime.evaluate", expression="setTimeout(() => history.back())")

    def close(self, tab):
        self.ask("Target.closeTarget", targetId=self.tabs.pop(tab))

    def ask_tab(self, tab, method, **params):
        """Attached only for as long as it takes, as an open inspector changes how a page is kept."""
        attached = self.ask("Target.attachToTarget", targetId=self.tabs[tab], flatten=True)
        self.ask(method, attached["sessionId"], **params)
        self.ask("Target.detachFromTarget", sessionId=attached["sessionId"])

    def ask(self, method, session=None, /, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.requests, json.dumps(message).encode() + b"\0")
        while True:
            reply = json.loads(self.message())
            if reply.get("id") != self.number:
                continue
            if "error" in reply:
                raise RuntimeError(f"{method}: {reply['error']}")
            return reply["result"]

    def message(self):
        while b"\0" not in self.rest:
            more = os.read(self.replies, 65536)
            if not more:
                raise EOFError("Chromium has gone")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return message
