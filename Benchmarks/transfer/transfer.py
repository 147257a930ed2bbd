#!/usr/bin/env python3
"""A gigabyte up and a gigabyte down: does it arrive, and what does it cost the proxy?

curl sends and fetches SIZE bytes through Sluice and through nginx, by HTTP/1.1 and by HTTP/2. Prints a
table; see README.md.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on port {port}")


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", folder / "key.pem", "-out", folder / "chain.pem", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def site():
    """A folder with a certificate, and the port of a gateway that serves a page and something that takes
    a while to read."""
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        make_certificate(folder)
        (folder / "files").mkdir()
        (folder / "files/index.html").write_text("a page\n")
        (folder / "files/large").write_bytes(bytes(1 << 24))
        port = free_port()
        source = start_source(folder, port)
        try:
            wait_for(port)
            yield folder, port
        finally:
            source.terminate()
            source.wait()


class Sink:
    """A gateway for uploads: answers with the sum of what it got."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rb", buffering=1 << 20) as stream:
                try:
                    self.answer(connection, stream)
                except OSError as error:
                    print("upload:", error, file=sys.stderr)

    def answer(self, connection, stream):
        fields = {}
        if not stream.readline():
            return
        while line := stream.readline().strip():
            name, value = line.split(b":", 1)
            fields[name.lower()] = value.strip()
        digest = hashlib.sha256()
        if b"content-length" in fields:
            self.take(stream, int(fields[b"content-length"]), digest)
        else:
            while size := int(stream.readline(), 16):
                self.take(stream, size, digest)
                stream.readline()
            stream.readline()
        body = digest.hexdigest().encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 64\r\nconnection: close\r\n\r\n" + body)

    @staticmethod
    def take(stream, count, digest):
        while count:
            part = stream.read1(min(count, 1 << 20))
            if not part:
                raise OSError("the body ended early")
            digest.update(part)
            count -= len(part)


def start_source(folder, port):
    """nginx as the gateway that serves the file."""
    place = folder / "source"
    place.mkdir()
    (place / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid source.pid; error_log stderr error;
        events {{ worker_connections 8192; }}
        http {{ access_log off; sendfile on; {temporary(place)}
            server {{ listen 127.0.0.1:{port}; root {folder}/files; client_max_body_size 0;
                location = /upload {{ proxy_pass http://127.0.0.1:{port}/sink; }}
                location = /sink {{ return 200 "taken"; }} }} }}""")
    return subprocess.Popen(["nginx", "-p", place, "-c", "nginx.conf", "-e", "stderr"])


def temporary(place):
    return " ".join(f"{kind}_temp_path {place}/{kind};"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def start_sluice(binary, folder, port, gateway):
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies/default.yaml").write_text(
        "version: 1\npolicies:\n  - name: default\n    max_streams_per_user: 1\n")
    (folder / "sluice.yaml").write_text(f"""listen:
  - address: 127.0.0.1:{port}
    tls: {{ certificates: [ {{ chain: {folder}/chain.pem, key: {folder}/key.pem }} ] }}
policies: {folder}/policies
workers: 1
gateway: {{ url: "http://127.0.0.1:{gateway}" }}
identity: {{ tokens: ["query:access_token"] }}
log: {{ level: error, to: {folder}/sluice.log }}
""")
    return subprocess.Popen([binary, "run", "--config", folder / "sluice.yaml"])


def start_nginx(_, folder, port, gateway):
    """One process, so that its memory and time are all of it. It passes bytes on as they come."""
    place = folder / "proxy"
    place.mkdir(exist_ok=True)
    (place / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid proxy.pid; error_log stderr error;
        events {{ worker_connections 8192; }}
        http {{ access_log off; client_max_body_size 0; {temporary(place)}
            server {{
                listen 127.0.0.1:{port} ssl http2;
                ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
                ssl_protocols TLSv1.2 TLSv1.3;
                location / {{ proxy_pass http://127.0.0.1:{gateway}; proxy_http_version 1.1;
                    proxy_buffering off; proxy_request_buffering off; }}
            }} }}""")
    return subprocess.Popen(["nginx", "-p", place, "-c", "nginx.conf", "-e", "stderr"])


def memory(pid):
    """Resident now and at its peak, in KiB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
    return values["VmRSS"], values["VmHWM"]


def seconds_of(pid):
    """Time on a processor, of all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def curl(folder, version, port, path, *options):
    return ["curl", "--silent", "--show-error", "--fail", "--cacert", folder / "chain.pem", version,
            *options, f"https://localhost:{port}/{path}"]


def transfer(folder, version, port, is_up):
    """The sum of what arrived."""
    if is_up:
        return subprocess.run(
            curl(folder, version, port, "up", "--request", "POST", "--upload-file", folder / "files/large"),
            check=True, stdout=subprocess.PIPE).stdout.decode()
    fetch = subprocess.Popen(curl(folder, version, port, "large"), stdout=subprocess.PIPE)
    digest = hashlib.sha256()
    while part := fetch.stdout.read1(1 << 20):
        digest.update(part)
    if fetch.wait():
        sys.exit(f"curl ended with {fetch.returncode}")
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sluice", required=True, type=pathlib.Path)
    parser.add_argument("--size", type=int, default=1 << 30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        make_certificate(folder)
        (folder / "files").mkdir()
        digest = hashlib.sha256()
        with open(folder / "files/large", "wb") as file:
            left = options.size
            while left:
                part = os.urandom(min(left, 1 << 20))
                digest.update(part)
                left -= file.write(part)
        sink, source_port = Sink(), free_port()
        source = start_source(folder, source_port)
        wait_for(source_port)
        print("| proxy | way | protocol | seconds | CPU s | resident before | peak | after | sum |")
        print("|---|---|---|---|---|---|---|---|---|")
        try:
            for version in ("--http1.1", "--http2"):
                for is_up in (False, True):
                    for title, start in (("Sluice", start_sluice), ("nginx", start_nginx)):
                        port = free_port()
                        gateway = sink.port if is_up else source_port
                        proxy = start(options.sluice.absolute(), folder, port, gateway)
                        try:
                            wait_for(port)
                            time.sleep(0.3)
                            before, cpu = memory(proxy.pid)[0], seconds_of(proxy.pid)
                            began = time.monotonic()
                            total = transfer(folder, version, port, is_up)
                            took = time.monotonic() - began
                            cpu = seconds_of(proxy.pid) - cpu
                            after, peak = memory(proxy.pid)
                        finally:
                            proxy.terminate()
                            proxy.wait()
                        mib = [f"{kib / 1024:.1f} MiB" for kib in (before, peak, after)]
                        print(f"| {title} | {'up' if is_up else 'down'} | {version[6:]} | {took:.1f} "
                              f"| {cpu:.2f} | {mib[0]} | {mib[1]} | {mib[2]} "
                              f"| {'same' if total == digest.hexdigest() else 'DIFFERS'} |", flush=True)
        finally:
            source.terminate()
            source.wait()


if __name__ == "__main__":
    main()
