# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Ollama that lists what it passes on, which the fake provider does not."""

import contextlib
import http.server
import json
import threading
import time


class OllamaList:
    """An Ollama whose list says that one of its models runs elsewhere; counts what it is asked."""

    def __init__(self, port=0):
        self.asked = []
        self.models = [{'name': 'plain:latest'}, {'name': 'copy:latest', 'remote_host': 'https://ollama.com'}]
        self.lists = 0  # how often it was asked for
        self.status = 200
        self.delay = 0.0  # seconds that a list takes
        self.endless = False
        self.ready = threading.Event()  # cleared: the list takes as long as that
        self.ready.set()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def flood(self):
                with contextlib.suppress(OSError):
                    self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n')
                    while True:
                        self.wfile.write(b' ' * 65536)

            def answer(self, body):
                data = json.dumps(body).encode()
                with contextlib.suppress(OSError):  # who asked may have left
                    self.send_response(owner.status if self.command == 'GET' else 200)
                    self.send_header('Content-Type', 'application/json')
                    self.send_header('Content-Length', str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def do_GET(self):
                owner.lists += 1
                owner.ready.wait(30)
                time.sleep(owner.delay)
                if owner.endless:
                    self.flood()
                    return
                self.answer({'models': owner.models})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                owner.asked.append(body['model'])
                if self.path.startswith('/v1/'):
                    self.answer({'id': 'x', 'object': 'chat.completion', 'created': 1, 'model': body['model'],
                                 'choices': [{'index': 0, 'finish_reason': 'stop',
                                              'message': {'role': 'assistant', 'content': 'x'}}],
                                 'usage': {'prompt_tokens': 1, 'completion_tokens': 1, 'total_tokens': 2}})
                    return
                self.answer({'model': body['model'], 'message': {'role': 'assistant', 'content': 'x'}, 'done': True,
                             'done_reason': 'stop', 'prompt_eval_count': 1, 'eval_count': 1})

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.base = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.ready.set()
        self.server.shutdown()
        self.server.server_close()
