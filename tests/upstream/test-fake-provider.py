#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the fake provider over raw sockets. Usage: test-fake-provider.py PROGRAM; prints TAP."""

import base64
import json
import socket
import struct
import subprocess
import sys
import time
import zlib


class Provider:
    """One fake provider; ends when its standard input closes."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen([program, "--port", "0", "--seconds", "60", *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code


class Answer:
    """Everything that came until the end: head, raw bytes behind it, how it ended."""

    def __init__(self, raw, end):
        self.raw = raw
        self.end = end
        head, _, self.rest = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/1.1 ") else None
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()

    def body(self):
        """Removes chunks. Returns the body, and whether it came whole."""
        if "transfer-encoding" not in self.headers:
            return self.rest, len(self.rest) == int(self.headers.get("content-length", -1))
        out, rest = b"", self.rest
        while rest:
            line, found, rest = rest.partition(b"\r\n")
            try:
                size = int(line, 16)
            except ValueError:
                return out, False
            if not found or len(rest) < size + 2:
                return out + rest[:size], False
            if size == 0:
                return out, rest == b"\r\n"
            out, rest = out + rest[:size], rest[size + 2:]
        return out, False

    def json(self):
        return json.loads(self.body()[0])

    def events(self):
        text = self.body()[0].decode()
        return [line[5:].strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
                if line.startswith("data:")]


def receive(sock, wait=10.0):
    """Reads to the end, or until nothing has come for `wait` seconds."""
    raw = b""
    sock.settimeout(wait)
    try:
        while True:
            data = sock.recv(65536)
            if not data:
                return Answer(raw, "closed")
            raw += data
    except socket.timeout:
        return Answer(raw, "waiting")
    except ConnectionResetError:
        return Answer(raw, "reset")


def request(path, body=None, headers=(), close=True):
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: fake", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def chat(model, text="hello big world", **members):
    return {"model": model, "messages": [{"role": "user", "content": text}], **members}


class Tests:
    def __init__(self, provider):
        self.provider = provider

    def ask(self, path, body=None, headers=(), wait=10.0):
        with self.provider.connect() as sock:
            sock.sendall(request(path, body, headers))
            return receive(sock, wait)

    def ask_chat(self, model, wait=10.0, **members):
        return self.ask("/v1/chat/completions", chat(model, **members), wait=wait)

    def stats(self):
        return self.ask("/_fake/stats").json()

    def log(self, query=""):
        return [json.loads(line) for line in self.ask("/_fake/log" + query).body()[0].splitlines()]

    def test_plain(self):
        answer = self.ask_chat("fake")
        body = answer.json()
        size = len(json.dumps(chat("fake")))
        assert answer.status == 200 and answer.body()[1]
        assert body["choices"][0]["message"]["content"] == "hello big world"
        assert body["usage"] == {"prompt_tokens": size // 4, "completion_tokens": 3, "total_tokens": size // 4 + 3}
        assert body["id"] != self.ask_chat("fake").json()["id"]

    def test_echo_keeps_escapes_and_parts(self):
        text = 'a "quote" \\ back\nline \u00e9\u4e2d'
        assert self.ask_chat("fake", text=text).json()["choices"][0]["message"]["content"] == text
        parts = [{"type": "text", "text": "one"}, {"type": "text", "text": text}]
        assert self.ask_chat("fake", text=parts).json()["choices"][0]["message"]["content"] == text

    def test_stream(self):
        events = self.ask_chat("fake", stream=True, stream_options={"include_usage": True}).events()
        assert events[-1] == "[DONE]"
        chunks = [json.loads(event) for event in events[:-1]]
        assert len({chunk["id"] for chunk in chunks}) == 1
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
        assert text == "hello big world"
        assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] == 3
        assert all(chunk["usage"] is None for chunk in chunks[:-1])
        assert len(self.ask_chat("fake", stream=True).events()) == len(events) - 1

    def test_stamped_stream(self):
        start = time.monotonic_ns() // 1000
        events = self.ask_chat("stream:events=4,ms=20,size=60", stream=True).events()
        stamps = [json.loads(event)["choices"][0]["delta"]["content"] for event in events[1:5]]
        times = [int(stamp[2:].split(".")[0]) for stamp in stamps]
        assert all(len(stamp) == 60 for stamp in stamps)
        assert start <= times[0] and times[3] <= time.monotonic_ns() // 1000
        assert times[3] - times[0] >= 55000, times

    def test_text_completion(self):
        answer = self.ask("/v1/completions", {"model": "fake", "prompt": "say it"})
        assert answer.json()["choices"][0]["text"] == "say it"
        answer = self.ask("/v1/completions", {"model": "fake", "prompt": "say it", "stream": True})
        assert json.loads(answer.events()[0])["choices"][0]["text"] == "say "

    def test_embeddings(self):
        plain = self.ask("/v1/embeddings", {"model": "embed:floats=5", "input": ["a", "b"]}).json()
        packed = self.ask("/v1/embeddings", {"model": "embed:floats=5", "input": ["a", "b"],
                                             "encoding_format": "base64"}).json()
        assert [len(row["embedding"]) for row in plain["data"]] == [5, 5]
        for row, other in zip(plain["data"], packed["data"]):
            values = struct.unpack("<5f", base64.b64decode(other["embedding"]))
            assert all(abs(a - b) < 1e-6 for a, b in zip(row["embedding"], values))
        assert len(self.ask("/v1/embeddings", {"model": "fake", "input": [1, 2, 3]}).json()["data"]) == 1
        big = self.ask("/v1/embeddings", {"model": "embed:floats=1536,n=9", "input": "x"})
        assert 260000 < len(big.body()[0]) < 280000 and len(big.json()["data"]) == 9

    def test_lists(self):
        assert self.ask("/v1/models").json()["data"][0]["id"] == "fake"
        assert self.ask("/api/tags").json()["models"][0]["name"] == "fake:latest"
        assert "version" in self.ask("/api/version").json()
        assert self.ask("/").rest == b"Ollama is running"
        assert self.ask("/v1/nothing").status == 404

    def test_ollama(self):
        lines = [json.loads(line) for line in self.ask("/api/chat", chat("fake:latest")).body()[0].splitlines()]
        assert "".join(line["message"]["content"] for line in lines) == "hello big world"
        assert lines[-1]["done"] and lines[-1]["eval_count"] == 3 and not lines[0]["done"]
        whole = self.ask("/api/chat", chat("fake", stream=False)).json()
        assert whole["message"]["content"] == "hello big world" and whole["done_reason"] == "stop"
        whole = self.ask("/api/generate", {"model": "fake", "prompt": "say it", "stream": False}).json()
        assert whole["response"] == "say it"
        whole = self.ask("/api/embed", {"model": "embed:floats=4", "input": ["a", "b"]}).json()
        assert [len(row) for row in whole["embeddings"]] == [4, 4]
        assert isinstance(self.ask("/api/chat", chat("fake:status-404")).json()["error"], str)

    def test_keep_alive_and_pipelining(self):
        with self.provider.connect() as sock:
            one = request("/v1/chat/completions", chat("fake"), close=False)
            last = request("/v1/chat/completions", chat("fake"))
            sock.sendall(one * 4 + one[:40])
            time.sleep(0.02)
            sock.sendall(one[40:] + last)
            assert receive(sock).raw.count(b"HTTP/1.1 200") == 6

    def test_chunked_request(self):
        data = json.dumps(chat("fake")).encode()
        with self.provider.connect() as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(data), 7):
                piece = data[at:at + 7]
                sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            sock.sendall(b"0\r\n\r\n")
            assert receive(sock).json()["choices"][0]["message"]["content"] == "hello big world"

    def test_byte_by_byte(self):
        with self.provider.connect() as sock:
            for byte in request("/v1/chat/completions", chat("fake")):
                sock.sendall(bytes([byte]))
            assert receive(sock).status == 200

    def test_expect_continue(self):
        data = json.dumps(chat("fake")).encode()
        with self.provider.connect() as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(data))
            assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
            sock.sendall(data)
            assert receive(sock).status == 200

    def test_stalls(self):
        assert self.ask_chat("stall", wait=0.1).raw == b""
        answer = self.ask_chat("stall-head", wait=0.1)
        assert answer.status == 200 and answer.rest == b"" and answer.end == "waiting"
        answer = self.ask_chat("fake:stall-mid:n=3", stream=True, wait=0.1)
        assert len(answer.events()) == 4 and answer.end == "waiting"
        answer = self.ask_chat("stall-mid", wait=0.1)
        assert len(answer.rest) == int(answer.headers["content-length"]) // 2

    def test_resets(self):
        answer = self.ask_chat("reset-before")
        assert answer.raw == b"" and answer.end == "reset"
        answer = self.ask_chat("reset-head")
        assert answer.status == 200 and answer.rest == b"" and answer.end == "reset"
        answer = self.ask_chat("reset-mid:n=4", stream=True)
        assert len(answer.events()) == 5 and answer.end == "reset"

    def test_cuts(self):
        for stream in False, True:
            for mode in "cut-border", "cut-inside", "cut-end", "bad-chunk":
                answer = self.ask_chat(mode, stream=stream)
                body, whole = answer.body()
                assert answer.status == 200 and not whole and answer.end == "closed", (mode, stream)
                if mode == "cut-border":
                    assert answer.rest.endswith(b"\r\n")
                if mode == "cut-end":
                    assert body.endswith(b"[DONE]\n\n") if stream else json.loads(body)
                if mode == "bad-chunk":
                    assert b"\r\nzz\r\n" in answer.rest
        assert self.ask_chat("close-before").raw == b""

    def test_lengths(self):
        for mode, excess in ("length-long", -10), ("length-short", 10):
            for stream in False, True:
                answer = self.ask_chat(mode, stream=stream)
                assert len(answer.rest) - int(answer.headers["content-length"]) == excess, mode

    def test_not_http(self):
        assert self.ask_chat("garbage").status is None
        answer = self.ask_chat("continue-flood:n=50")
        assert answer.raw.count(b"HTTP/1.1 100 Continue\r\n\r\n") == 50 and answer.raw.count(b"HTTP/1.1 200") == 1
        answer = self.ask_chat("huge-headers:n=200")
        assert answer.raw.count(b"x-fake-padding") == 200 and answer.json()["object"] == "chat.completion"

    def test_statuses(self):
        for status in 400, 401, 404, 429, 500, 503, 529:
            answer = self.ask_chat(f"status-{status}", stream=True)
            assert answer.status == status and "message" in answer.json()["error"]
        for written in "7", "0", "-1", "1000000000000":
            answer = self.ask_chat(f"rate-limit:retry={written}")
            assert answer.status == 429 and answer.headers["retry-after"] == written
        assert self.ask_chat("rate-limit:retry=date").headers["retry-after"].endswith(" GMT")

    def test_keys_echoed(self):
        head = ["Authorization: Bearer sk-test-echo"]
        for mode, status in (("echo-key", 401), ("echo-key-text", 502), ("echo-key-200", 200),
                             ("echo-key:status=503", 503)):
            answer = self.ask("/v1/chat/completions", chat(mode), headers=head)
            assert answer.status == status and answer.headers["x-received"] == "Bearer sk-test-echo"
            assert answer.headers["x-key-sk-test-echo"] == answer.headers["x-ratelimit-key-sk-test-echo"] == "1"
            assert b"sk-test-echo" in answer.body()[0]
        answer = self.ask("/v1/chat/completions", chat("echo-key-mid", stream=True), headers=head)
        assert "sk-test-echo" in json.loads(answer.events()[-1])["error"]["message"]

    def test_redirects(self):
        for status in 301, 302, 303, 307, 308:
            answer = self.ask_chat(f"redirect:status={status},to=http://127.0.0.1:1/v1/x")
            assert answer.status == status and answer.headers["location"] == "http://127.0.0.1:1/v1/x"
        assert self.ask_chat("redirect").headers["location"] == "http://127.0.0.2:9/there"

    def test_wrong_bodies(self):
        assert "error" in self.ask_chat("error-200").json()
        answer = self.ask_chat("error-mid:n=2", stream=True)
        events = answer.events()
        assert len(events) == 4 and "error" in json.loads(events[-1]) and answer.body()[1]
        lines = self.ask("/api/chat", chat("error-mid")).body()[0].splitlines()
        assert json.loads(lines[-1])["error"]
        answer = self.ask_chat("html")
        assert answer.status == 502 and answer.headers["content-type"] == "text/html"
        assert self.ask_chat("empty").rest == b""
        for mode in "not-json", "half-json":
            answer = self.ask_chat(mode)
            try:
                answer.json()
                raise AssertionError(mode)
            except ValueError:
                assert answer.body()[1]

    def test_gzip(self):
        for stream in False, True:
            answer = self.ask_chat("gzip", stream=stream)
            assert b"chat.completion" in zlib.decompress(answer.rest, 31)
            try:
                zlib.decompress(self.ask_chat("gzip-bad", stream=stream).rest, 31)
                raise AssertionError("not damaged")
            except zlib.error:
                pass
        answer = self.ask_chat("gzip-bomb:mb=8")
        assert len(answer.rest) < 16384
        unpacker, total, rest = zlib.decompressobj(31), 0, answer.rest
        while rest:
            total += len(unpacker.decompress(rest))
            rest, unpacker = unpacker.unused_data, zlib.decompressobj(31)
        assert total == 8 << 20

    def test_stream_styles(self):
        options = {"include_usage": True}
        plain = [json.loads(e) for e in self.ask_chat("fake", stream=True, stream_options=options).events()[:-1]]
        for mode in "crlf", "cr", "comments", "no-space", "bom", "no-done":
            answer = self.ask_chat(mode, stream=True, stream_options=options)
            events = answer.events()
            # the mark hides the first event from this simple reader
            assert len(events) + (mode == "bom") == len(plain) + (mode != "no-done"), mode
        assert self.ask_chat("crlf", stream=True).body()[0].count(b"\r\n\r\n") == 6
        assert b"\n" not in self.ask_chat("cr", stream=True).body()[0]
        assert self.ask_chat("bom", stream=True).body()[0].startswith(b"\xef\xbb\xbfdata: ")
        assert not any("usage" in json.loads(e) and json.loads(e)["usage"]
                       for e in self.ask_chat("no-usage", stream=True, stream_options=options).events()[:-1])
        assert "usage" not in self.ask_chat("no-usage").json()
        assert '"usage":{' in self.ask_chat("usage-in-choice", stream=True).events()[-2]
        split = self.ask_chat("split-data", stream=True).body()[0].decode().split("\n\n")[0]
        assert json.loads("\n".join(line[6:] for line in split.split("\n")))["choices"]

    def test_kinds_of_answer(self):
        tools = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
        call = self.ask_chat("tool", tools=tools).json()["choices"][0]
        assert call["message"]["tool_calls"][0]["function"]["name"] == "look"
        assert json.loads(call["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris"}
        events = [json.loads(event) for event in self.ask_chat("tool", tools=tools, stream=True).events()[:-1]]
        assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"
        answer = self.ask("/api/chat", chat("tool", tools=tools, stream=False)).json()
        assert answer["message"]["tool_calls"][0]["function"]["arguments"] == {"city": "Paris"}
        assert self.ask_chat("reasoning").json()["choices"][0]["message"]["reasoning_content"]
        assert self.ask_chat("length").json()["choices"][0]["finish_reason"] == "length"

    def test_sizes_and_times(self):
        assert len(self.ask_chat("big:bytes=270000").json()["choices"][0]["message"]["content"]) == 270000
        events = self.ask_chat("huge-line:bytes=3000000", stream=True).events()
        assert max(map(len, events)) > 3000000
        start = time.monotonic()
        assert self.ask_chat("slow:first=60").status == 200
        assert time.monotonic() - start >= 0.06
        assert self.ask_chat("drip:bytes=16,ms=0").json()["object"] == "chat.completion"
        large = self.ask_chat("fake", text="y" * 2000000)
        assert large.json()["usage"]["prompt_tokens"] > 500000

    def test_counting_modes(self):
        assert [self.ask_chat("flaky:n=3").status for _ in range(6)] == [500, 500, 200, 500, 500, 200]
        assert [self.ask_chat("first:n=2,status=529").status for _ in range(4)] == [529, 529, 200, 200]

    def test_mode_in_path_and_unknown(self):
        assert self.ask("/_mode/status-503/v1/models").status == 503
        assert self.ask("/_mode/status-418/v1/chat/completions", chat("gpt-4o")).status == 418
        assert self.ask_chat("llama3.2:1b").status == 200
        assert self.ask_chat("fake:nonsense").status == 400
        assert self.ask_chat("stream:colour=3").status == 400
        assert self.ask("/v1/chat/completions", {"messages": []}).status == 400

    def test_log(self):
        body = chat("fake", user="tag-1")
        self.ask("/v1/chat/completions", body, ("Authorization: Bearer sk-x", "X-Twice: a", "x-twice: b"))
        entry, = self.log("?tag=tag-1")
        assert entry["headers"]["authorization"] == "Bearer sk-x" and entry["headers"]["x-twice"] == "a, b"
        assert json.loads(entry["body"]) == body and entry["body_length"] == len(json.dumps(body))
        assert entry["path"] == "/v1/chat/completions" and entry["status"] == 200 and entry["ended"]
        assert self.log(f"?since={entry['number']}") == []
        self.ask("/v1/chat/completions", chat("fake"), ("x-fake-tag: tag-2",))
        self.ask("/v1/chat/completions", chat("fake", metadata={"tag": "tag-3"}))
        self.ask("/api/chat", chat("fake", text="some #tag:tag-4 more"))
        assert [entry["tag"] for entry in self.log(f"?since={entry['number']}")] == ["tag-2", "tag-3", "tag-4"]
        self.ask_chat("fake", text="z" * 100000, user="tag-5")
        entry, = self.log("?tag=tag-5")
        assert "body" not in entry and len(entry["sha256"]) == 64

    def test_abort_and_stats(self):
        with self.provider.connect() as sock:
            sock.sendall(request("/v1/chat/completions", chat("endless", stream=True, user="gone")))
            sock.recv(1000)
            assert self.stats()["requests_open"] == 1
        deadline = time.monotonic() + 5
        while self.stats()["requests_open"] > 0:
            assert time.monotonic() < deadline
        stats = self.stats()
        assert stats["aborted"] == 1 and stats["by_mode"]["endless"] == 1 and stats["connections_open"] == 1
        assert self.log("?tag=gone")[0]["aborted"]

    def test_many_connections(self):
        socks = [self.provider.connect() for _ in range(300)]
        one = request("/v1/chat/completions", chat("stream:events=5,ms=10", stream=True))
        for sock in socks:
            sock.sendall(one)
        for sock in socks:
            assert receive(sock).events()[-1] == "[DONE]"
            sock.close()
        assert self.stats()["connections_open_max"] >= 300


def main():
    program = sys.argv[1]
    names = [name for name in dir(Tests) if name.startswith("test_")]
    failed = 0
    print(f"1..{len(names) + 1}")
    provider = Provider(program, "--redirect-to", "http://127.0.0.2:9/there")
    for number, name in enumerate(names, 1):
        tests = Tests(provider)
        try:
            tests.ask("/_fake/reset", {})
            getattr(tests, name)()
            print(f"ok {number} - {name[5:]}")
        except Exception as error:  # a broken case must not hide the others
            failed += 1
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            print(f"not ok {number} - {name[5:]}\n# line {trace.tb_lineno}: {type(error).__name__} {error}")
    code = provider.stop()
    failed += code != 0
    print(f"{'ok' if code == 0 else 'not ok'} {len(names) + 1} - ends when its parent goes")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
