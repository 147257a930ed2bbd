"""The servers that read what Sluice has written, and the proxies it is compared with."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


async def until_open(port, process, name):
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError(f"{name} does not listen")


class Servers:
    """Child processes, each on a port of its own, all ended at the end."""

    def __init__(self, folder, backend):
        self.folder, self.backend, self.children = folder, backend, []

    async def start(self, name, command, port):
        log = open(self.folder / f"{name}.log", "wb")
        child = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        self.children.append(child)
        await until_open(port, child, name)
        return port

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    async def sluice(self, binary):
        port = free_port()
        (self.folder / "policies").mkdir(exist_ok=True)
        self.write("policies/all.yaml", "version: 1\npolicies:\n  - name: all\n    max_streams_per_user: 5\n")
        self.secure_port = free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key.pem", "-out", "chain.pem", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], cwd=self.folder, check=True, capture_output=True)
        path = self.write("sluice.yaml", f"""listen:
  - address: 127.0.0.1:{port}
  - address: 127.0.0.1:{self.secure_port}
    tls: {{ certificates: [ {{ chain: {self.folder}/chain.pem, key: {self.folder}/key.pem }} ] }}
gateway: {{ url: "http://127.0.0.1:{self.backend}", pool_idle_max: 0 }}
policies: policies
log: {{ level: warning }}
limits: {{ header_timeout: 2s, body_timeout: 2s }}
""")
        return await self.start("sluice", [binary, "run", "--config", path], port)

    async def nginx(self):
        port = free_port()
        path = self.write("nginx.conf", f"""daemon off; worker_processes 1; pid {self.folder}/nginx.pid;
error_log {self.folder}/nginx-error.log; events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  client_header_buffer_size 32k; large_client_header_buffers 4 64k; keepalive_requests 100000; underscores_in_headers on;
  server {{ listen 127.0.0.1:{port} backlog=1000; location / {{ proxy_pass http://127.0.0.1:{self.backend};
    proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection ""; }} }} }}
""")
        return await self.start("nginx", ["nginx", "-p", str(self.folder), "-c", path], port)

    async def haproxy(self, protocol=""):
        """With `proto h2`, one that expects HTTP/2 without being asked."""
        port = free_port()
        path = self.write(f"haproxy-{port}.cfg", f"""global
  maxconn 4000
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:{port} backlog 1000 {protocol}
  default_backend b
backend b
  http-reuse never
  server s 127.0.0.1:{self.backend}
""")
        return await self.start("haproxy", ["haproxy", "-db", "-f", path], port)

    async def envoy(self, binary, codec="AUTO"):
        port = free_port()
        path = self.write(f"envoy-{port}.yaml", f"""static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: s
          codec_type: {codec}
          upgrade_configs: [ {{ upgrade_type: websocket }} ]
          generate_request_id: false
          http_protocol_options: {{ accept_http_10: true, default_host_for_http_10: localhost }}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
          route_config:
            virtual_hosts:
            - {{ name: v, domains: ["*"], routes: [ {{ match: {{ prefix: "" }}, route: {{ cluster: b }} }} ] }}
  clusters:
  - name: b
    connect_timeout: 5s
    load_assignment:
      cluster_name: b
      endpoints: [ {{ lb_endpoints: [ {{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {self.backend} }} }} }} }} ] }} ]
""")
        return await self.start("envoy", [binary, "-c", path, "--concurrency", "1", "-l", "error",
                                          "--disable-hot-restart"], port)

    async def node(self):
        port = free_port()
        return await self.start("node", ["node", str(HERE / "node_reader.js"), str(port)], port)

    async def aiohttp(self):
        port = free_port()
        return await self.start("aiohttp", [sys.executable, str(HERE / "aiohttp_reader.py"), str(port)], port)
