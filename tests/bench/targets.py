# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench measures: processes between the load generator and the fake provider. All listen on 127.0.0.1."""

import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

MASTER_KEY = "sk-bench-5f2c9d8e1a"


class BenchError(Exception):
    """Something could not be started or measured; the message says what."""


def pin(core):
    """Returns a function for preexec_fn that pins the child, or None."""
    if core is None:
        return None
    return lambda: os.sched_setaffinity(0, {core})


def free_port():
    """A port nobody has now. nginx cannot choose one itself; the start is tried again if somebody was faster."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def children(pid):
    """The process and all its descendants."""
    found, todo = [], [pid]
    while todo:
        now = todo.pop()
        found.append(now)
        for path in pathlib.Path(f"/proc/{now}/task").glob("*/children"):
            try:
                todo += [int(word) for word in path.read_text().split()]
            except OSError:
                pass
    return found


def cpu_seconds(pid):
    """CPU time of the process and its descendants: utime + stime of all threads.

    The process's CPU clock holds the same sum as /proc/PID/stat, but in nanoseconds instead of ticks of 10 ms."""
    total = 0.0
    for one in children(pid):
        try:
            total += time.clock_gettime(~one << 3 | 2)
        except OSError:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def memory_kb(pid, name):
    """Pss, VmRSS or VmHWM, summed over the process and its descendants, in kB."""
    total = 0
    for one in children(pid):
        file = "smaps_rollup" if name == "Pss" else "status"
        found = re.search(rf"^{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{one}/{file}").read_text(), re.M)
        total += int(found.group(1)) if found else 0
    return total


def reset_peak(pid):
    """Makes VmHWM begin anew, where we may: somebody else's process keeps its old one."""
    for one in children(pid):
        try:
            pathlib.Path(f"/proc/{one}/clear_refs").write_text("5")
        except OSError:
            pass


class Target:
    """Something with a port that passes requests on."""

    name = ""
    pid = None
    port = None
    key = None

    def model(self, model):
        """What to ask for to reach this model of the fake provider."""
        return model

    def headers(self):
        return ["-H", f"Authorization: Bearer {self.key}"] if self.key else []

    def ask_once(self, model="fake"):
        """One question, whole. Returns nothing; raises if the answer is no 200."""
        body = json.dumps({"model": self.model(model), "messages": [{"role": "user", "content": "hello"}]})
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise BenchError(f"{self.name}: status {answer.status}: {text[:200].decode(errors='replace')}")
        finally:
            connection.close()

    def start(self, core=None):
        """Starts it, pinned to @core if not None."""

    def stop(self):
        """Ends it."""

    def restart(self, core=None):
        self.stop()
        self.start(core)


class ProcessTarget(Target):
    """A process of ours. It gets a pipe as standard input, so that it can end when we do."""

    process = None

    def spawn(self, command, core, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, preexec_fn=pin(core), **options)
        self.pid = self.process.pid

    def read_port(self):
        """From a line "port N" on its standard output."""
        words = self.process.stdout.readline().split()
        if len(words) != 2:
            raise BenchError(f"{self.name} did not start")
        self.port = int(words[1])

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in self.process.stdin, self.process.stdout, self.process.stderr:
            if pipe:
                pipe.close()
        self.process = None


class FakeProvider(ProcessTarget):
    """Also the row "direct": the load generator talks to it without anything between."""

    name = "direct"

    def __init__(self, program, port=0):
        self.program = program
        self.wanted_port = port

    def start(self, core=None):
        self.spawn([self.program, "--port", str(self.wanted_port), "--log", "0", "--seconds", "3600"], core,
                   stdout=subprocess.PIPE, text=True)
        self.read_port()

    def restart(self, core=None):
        """The others know its port."""


class BareRelay(ProcessTarget):
    name = "relay"

    def __init__(self, program, provider):
        self.program, self.provider = program, provider

    def start(self, core=None):
        self.spawn([self.program, f"http://127.0.0.1:{self.provider.port}"], core, stdout=subprocess.PIPE, text=True)
        self.read_port()


class Nginx(ProcessTarget):
    name = "nginx"

    def __init__(self, program, template, provider):
        self.program, self.template, self.provider = program, template, provider
        self.prefix = None

    def start(self, core=None):
        for _ in range(5):
            self.prefix = tempfile.mkdtemp(prefix="sluice-bench-nginx-")
            self.port = free_port()
            text = pathlib.Path(self.template).read_text()
            # started by root, the worker would become another user and could not enter the prefix
            user = "user root;" if os.geteuid() == 0 else ""
            for name, value in {"USER": user, "PREFIX": self.prefix, "UPSTREAM": self.provider.port,
                                "PORT": self.port}.items():
                text = text.replace(f"@{name}@", str(value))
            conf = pathlib.Path(self.prefix, "nginx.conf")
            conf.write_text(text)
            self.spawn([self.program, "-p", self.prefix, "-e", f"{self.prefix}/error.log", "-c", str(conf)], core,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    self.ask_once()
                    return
                except OSError:
                    time.sleep(0.001)
            self.stop()
        raise BenchError("nginx did not start")

    def stop(self):
        super().stop()
        if self.prefix:
            shutil.rmtree(self.prefix, ignore_errors=True)
            self.prefix = None


def config_yaml(models, port, named_alike=False):
    """A configuration in the LiteLLM format, with a local and a billable deployment for each model of the fake
    provider, or (for other gateways) one that is named like the model."""
    lines = ["model_list:"]
    for number, model in enumerate(models):
        for kind in ("",) if named_alike else ("local", "billable"):
            lines += [f"  - model_name: {json.dumps(f'{kind}-{number}' if kind else model)}",
                      "    litellm_params:",
                      f"      model: {json.dumps('openai/' + model)}",
                      f'      api_base: "http://127.0.0.1:{port}/v1"',
                      '      api_key: "sk-upstream"']
            if kind == "billable":
                lines += ["      input_cost_per_token: 0.000001", "      output_cost_per_token: 0.000002"]
            if kind:
                lines += ["    model_info:", f"      local: {'true' if kind == 'local' else 'false'}"]
    lines += ["general_settings:", f'  master_key: "{MASTER_KEY}"', ""]
    return "\n".join(lines)


class Sluiced(ProcessTarget):
    """The daemon, in XDG directories of its own. One process serves both kinds of deployment."""

    name = "sluiced"

    def __init__(self, program, provider, models):
        self.program, self.provider, self.models = program, provider, models
        self.home = None
        self.key = MASTER_KEY
        self.said = []

    def start(self, core=None):
        self.home = tempfile.mkdtemp(prefix="sluice-bench-")
        config = pathlib.Path(self.home, "config.yaml")
        config.write_text(config_yaml(self.models, self.provider.port))
        environment = {"HOME": self.home, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for name in "CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR":
            path = pathlib.Path(self.home, name.lower())
            path.mkdir(mode=0o700)
            environment[f"XDG_{name}"] = str(path)
        self.spawn([self.program, "--config", str(config), "--port", "0"], core, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, text=True, env=environment)
        self.port = None
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            raise BenchError("sluiced did not say where it listens:\n" + "".join(self.said[-20:]))
        # a full pipe must not stop it
        threading.Thread(target=lambda pipe: [None for _ in pipe], args=(self.process.stderr,), daemon=True).start()

    def stop(self):
        super().stop()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None


class SluicedKind(Target):
    """One kind of deployment of a Sluiced."""

    def __init__(self, sluiced, kind):
        self.sluiced, self.name = sluiced, kind
        self.key = MASTER_KEY

    @property
    def pid(self):
        return self.sluiced.pid

    @property
    def port(self):
        return self.sluiced.port

    def model(self, model):
        return f"{self.name}-{self.sluiced.models.index(model)}"

    def start(self, core=None):
        if self.sluiced.process is None:
            self.sluiced.start(core)

    def stop(self):
        self.sluiced.stop()


class Foreign(Target):
    """A gateway that somebody else runs. Its models are named like the fake provider's, with a prefix."""

    name = "gateway"

    def __init__(self, url, key, pid, prefix):
        found = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost):(\d+)/?", url)
        if not found:
            raise BenchError("the gateway's address must be http://127.0.0.1:PORT")
        self.port, self.key, self.pid, self.prefix = int(found.group(1)), key, pid, prefix

    def model(self, model):
        return self.prefix + model

    def start(self, core=None):
        if self.pid and core is not None:
            for one in children(self.pid):
                for task in os.listdir(f"/proc/{one}/task"):
                    os.sched_setaffinity(int(task), {core})

    def restart(self, core=None):
        """Not ours to restart."""
