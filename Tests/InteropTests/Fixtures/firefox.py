"""Firefox, over Marionette: messages of JSON, each with its length before it."""

import json
import os
import re
import socket
import subprocess
import threading

PREFERENCES = {
    "marionette.port": 0,
    "network.proxy.type": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Firefox:
    def __init__(self, folder):
        with open(os.path.join(folder, "user.js"), "w") as file:
            for name, value in PREFERENCES.items():
                file.write(f'user_pref("{name}", {json.dumps(value)});\n')
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "HOME": folder})
        self.number, self.tabs = 0, {}

    def connect(self):
        for line in self.process.stdout:
            if match := re.search(rb"Marionette\s+INFO\s+Listening on port (\d+)", line):
                break
        else:
            raise EOFError("Firefox has gone")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        connection = socket.create_connection(("127.0.0.1", int(match[1])))
        self.stream = connection.makefile("rwb")
        self.message()
        # The page tells when it is there.
        session = self.ask(
            "WebDriver:NewSession", acceptInsecureCerts=True, pageLoadStrategy="none")
        self.home = self.ask("WebDriver:GetWindowHandle")["value"]
        self.version = "Firefox/" + session["capabilities"]["browserVersion"]

    def open(self, tab, url):
        # From one that is there: the last one may have been closed.
        self.ask("WebDriver:SwitchToWindow", handle=self.home)
        self.tabs[tab] = self.ask("WebDriver:NewWindow", type="tab", focus=True)["handle"]
        self.go(tab, url)

    def go(self, tab, url):
        self.ask_tab(tab, "WebDriver:Navigate", url=url)

    def reload(self, tab):
        self.ask_tab(tab, "WebDriver:Refresh")

    def back(self, tab):
        self.ask_tab(tab, "WebDriver:Back")

    def close(self, tab):
        self.ask_tab(tab, "WebDriver:CloseWindow")
        del self.tabs[tab]

    def ask_tab(self, tab, command, **params):
        self.ask("WebDriver:SwitchToWindow", handle=self.tabs[tab])
        return self.ask(command, **params)

    def ask(self, command, **params):
        self.number += 1
        text = json.dumps([0, self.number, command, params]).encode()
        self.stream.write(b"%d:%s" % (len(text), text))
        self.stream.flush()
        _, _, error, result = self.message()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result

    def message(self):
        length = b""
        while (byte := self.stream.read(1)) != b":":
            if not byte:
                raise EOFError("Firefox has gone")
            length += byte
        return json.loads(self.stream.read(int(length)))
