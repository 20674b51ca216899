# SPDX-License-Identifier: GPL-3.0-or-later
"""What the browser tests need besides the harness: a headless Chromium, pages, a server that is open to everybody, and
a name that leads somewhere else after the page has been loaded."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.parse

from harness import Skip, clean_environment, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {'evil.example': '127.0.0.1', 'friend.example': '127.0.0.1', 'rebound.example': '127.0.0.2'}
FLAGS = [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--no-default-browser-check', '--no-proxy-server', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-extensions', '--disable-default-apps', '--disable-popup-blocking',
    '--metrics-recording-only', '--password-store=basic',
]


class Server:
    """An HTTP server of this process, one thread for each connection. @handler: its class; it finds us as .owner."""

    def __init__(self, handler, address='127.0.0.1', port=0):
        self.server = http.server.ThreadingHTTPServer((address, port), type('Bound', (handler,), {'owner': self}))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *unused):
        pass

    def read_body(self):
        return self.rfile.read(int(self.headers.get('Content-Length', '0')))

    def reply(self, status, body=b'', headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)


class PageHandler(Quiet):
    def do_GET(self):
        name = os.path.basename(urllib.parse.urlsplit(self.path).path)
        path = os.path.join(HERE, name)
        if not name.endswith('.html') or not os.path.exists(path):
            return self.reply(404)
        with open(path, 'rb') as file:
            return self.reply(200, file.read(), [('Content-Type', 'text/html; charset=utf-8')])

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == '/report':
            self.owner.reports[urllib.parse.parse_qs(url.query)['from'][0]] = json.loads(self.read_body())
        self.reply(204)


class Pages(Server):
    """Serves the pages of this folder and keeps what they report, by the page's name."""

    def __init__(self):
        self.reports = {}
        super().__init__(PageHandler)

    def wait(self, name, seconds=40):
        return wait_until(lambda: self.reports.get(name), seconds, f'the report of the page {name}')


class OpenHandler(Quiet):
    def answer(self):
        self.read_body()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        allowed = [('Access-Control-Allow-Origin', self.headers.get('Origin', '*')),
                   ('Access-Control-Allow-Credentials', 'true'), ('Access-Control-Allow-Methods', 'GET, POST, PUT'),
                   ('Access-Control-Allow-Headers', self.headers.get('Access-Control-Request-Headers', 'x'))]
        if self.command != 'OPTIONS':
            self.owner.arrived.update(query.get('attack', []))
        self.reply(200, b'{}', allowed)

    do_GET = do_POST = do_PUT = do_OPTIONS = answer


class OpenServer(Server):
    """Takes everything from everybody, as a careless server on loopback would. Remembers which attacks arrived."""

    def __init__(self):
        self.arrived = set()
        super().__init__(OpenHandler)


class Rebinder:
    """Another address with the port of @port at 127.0.0.1: serves one page, and leads all else there. The bytes that
    arrive are those that come after the name's address has changed."""

    def __init__(self, port):
        self.target = ('127.0.0.1', port)
        self.forwarded = 0
        self.socket = socket.create_server(('127.0.0.2', port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client):
        with client, contextlib.suppress(OSError):
            first = client.recv(65536)
            if first.startswith(b'GET /rebound.html'):
                with open(os.path.join(HERE, 'rebound.html'), 'rb') as file:
                    body = file.read()
                client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n'
                               b'Content-Length: %d\r\n\r\n' % len(body) + body)
            elif first and not first.startswith(b'GET /favicon'):
                self.forwarded += 1
                with socket.create_connection(self.target) as server:
                    server.sendall(first)
                    back = threading.Thread(target=splice, args=(server, client), daemon=True)
                    back.start()
                    splice(client, server)
                    back.join()

    def stop(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def splice(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def find_browser():
    """The program, or a skip that says what is missing."""
    for name in ('chromium', 'chromium-browser', 'google-chrome'):
        path = shutil.which(name)
        if path is not None:
            return path
    raise Skip('no chromium on this machine')


@contextlib.contextmanager
def browse(address, *flags):
    """A browser with a new profile at @address, until the block ends. It resolves our NAMES and nothing else."""
    program = find_browser()
    profile = tempfile.mkdtemp(prefix='sluice-browser-')
    rules = [f'MAP {name} {to}' for name, to in NAMES.items()]
    rules += ['MAP * ~NOTFOUND', *(f'EXCLUDE {name}' for name in ('localhost', '127.0.0.*', '0.0.0.0', '[::1]'))]
    environment = {**clean_environment(), 'HOME': profile, 'XDG_CONFIG_HOME': profile, 'XDG_CACHE_HOME': profile}
    process = subprocess.Popen([program, *FLAGS, f'--user-data-dir={profile}',
                                f'--host-resolver-rules={",".join(rules)}', *flags, address],
                               env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        # its helpers are in its process group
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)
