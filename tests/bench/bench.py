#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the gateway against its yardsticks in one run. See README.md for the rows."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import targets
from targets import BenchError

PLAIN = "fake"
STREAM_FAST = "stream:events=150,ms=20,size=20"
STREAM_MANY = "stream:events=25,ms=200,size=20"
STREAM_OPEN = "stream:events=6,ms=1000,size=20"
EMBED = "embed:floats=1536,n=9"
SLOW = "slow:first=4000"
QUICK_STREAM_FAST = "stream:events=50,ms=20,size=20"
QUICK_STREAM_MANY = "stream:events=10,ms=200,size=20"
MODELS = [PLAIN, STREAM_FAST, STREAM_MANY, STREAM_OPEN, EMBED, SLOW, QUICK_STREAM_FAST, QUICK_STREAM_MANY]

OURS = ("local", "billable", "gateway")
MIB = 1024  # kB


class Bench:
    def __init__(self, options):
        self.options = options
        self.quick = options.quick
        cores = sorted(os.sched_getaffinity(0))
        self.core, self.other = (cores[0], cores[1]) if len(cores) > 1 and not options.no_pin else (None, None)
        self.provider = targets.FakeProvider(options.fake_provider, options.provider_port)
        self.all = [self.provider]
        self.results = {}
        self.failures = 0
        self.void = set()  # names of targets with a failure in this row: its figures mean nothing

    def add_targets(self):
        options = self.options
        nginx = shutil.which(options.nginx)
        if nginx:
            self.all.append(targets.Nginx(nginx, options.nginx_conf, self.provider))
        else:
            print("no nginx: its column and the targets that need it are left out")
        self.all.append(targets.BareRelay(options.bare_relay, self.provider))
        if options.sluiced:
            sluiced = targets.Sluiced(options.sluiced, self.provider, MODELS)
            self.all += [targets.SluicedKind(sluiced, "local"), targets.SluicedKind(sluiced, "billable")]
        if options.gateway:
            self.all.append(targets.Foreign(options.gateway, options.key, options.pid, options.model_prefix))
        if options.only_targets:
            keep = set(options.only_targets.split(",")) | {"direct"}
            self.all = [target for target in self.all if target.name in keep]

    def start(self):
        for target in self.all:
            target.start(self.other if target is self.provider else self.core)

    def restart(self):
        """A row must not pay for the connections that another one has left open."""
        for target in self.all:
            target.restart(self.core)

    def stop(self):
        for target in reversed(self.all):
            target.stop()

    def load_command(self, target, model, *arguments):
        return [self.options.loadgen, str(target.port), "--json", "-m", target.model(model), *target.headers(),
                *map(str, arguments)]

    def check(self, target, report):
        bad = report["errors"] + report["non_2xx"] + report["incomplete"]
        if bad:
            self.failures += 1
            self.void.add(target.name)
            print(f"  {target.name}: {report['errors']} errors ({report['last_error']}), {report['non_2xx']} not 2xx "
                  f"(last {report['last_bad_status']}), {report['incomplete']} streams cut", flush=True)

    def expect(self, target, what, got, least):
        """Wrong work done fast must not look good."""
        if got < least:
            self.failures += 1
            self.void.add(target.name)
            print(f"  {target.name}: {got:.0f} {what}, not {least}: another model has answered", flush=True)

    def load(self, target, model, *arguments):
        """Runs the load generator once. Returns its report, with the CPU seconds of the target."""
        before = targets.cpu_seconds(target.pid) if target.pid else 0.0
        done = subprocess.run(self.load_command(target, model, *arguments), stdout=subprocess.PIPE, text=True,
                              preexec_fn=targets.pin(self.other), timeout=300, check=False)
        report = json.loads(done.stdout)
        report["cpu"] = targets.cpu_seconds(target.pid) - before if target.pid else None
        self.check(target, report)
        return report

    def rounds(self, row, measure, skip=()):
        """Measures all targets in turn, several times. @measure gives numbers by name; the medians are kept."""
        values = {}
        chosen = [target for target in self.all if target.name not in skip]
        for number in range(self.options.rounds):
            # each round begins with another one, so that none always follows the same neighbour
            shift = number % len(chosen)
            for target in chosen[shift:] + chosen[:shift]:
                for name, value in measure(target).items():
                    values.setdefault(target.name, {}).setdefault(name, []).append(value)
        self.results[row] = {
            target: {name: statistics.median(sample) for name, sample in numbers.items() if None not in sample}
            for target, numbers in values.items()}


def per(report, count, scale=1e6):
    """CPU per piece of work, in µs."""
    return report["cpu"] * scale / count if report["cpu"] is not None and count else None


def measure_chat(bench, connections, requests, model=PLAIN, extra=()):
    def measure(target):
        bench.load(target, model, "-c", connections, "-n", max(requests // 20, connections), *extra)
        report = bench.load(target, model, "-c", connections, "-n", requests, *extra)
        if model == EMBED:
            bench.expect(target, "bytes an answer", report["bytes"] / max(report["requests"], 1), 250000)
        return {"cpu": per(report, report["requests"]), "p50": report["latency_us"]["p50"],
                "p99": report["latency_us"]["p99"], "rate": report["requests"] / report["seconds"]}
    return measure


def row_chat_32(bench):
    """Chat, 1 kB, not streamed, 32 connections."""
    bench.rounds("chat-32", measure_chat(bench, 32, 4000 if bench.quick else 20000))


def row_chat_1(bench):
    """Chat, 1 kB, not streamed, one connection: what is added to a direct call."""
    bench.rounds("chat-1", measure_chat(bench, 1, 1500 if bench.quick else 5000))


def row_body_2m(bench):
    """A request of 2 MB, four connections."""
    bench.rounds("body-2m", measure_chat(bench, 4, 60 if bench.quick else 300, extra=("--size", 2000000)))


def row_embed_270k(bench):
    """An embeddings answer of 270 kB, four connections."""
    bench.rounds("embed-270k", measure_chat(bench, 4, 200 if bench.quick else 1000, EMBED, ("-b", "embed")))


def measure_streams(bench, streams, model, ramp):
    def measure(target):
        report = bench.load(target, model, "--stream", "-c", streams, "-n", streams, "--ramp", ramp)
        bench.expect(target, "events", report["events"], streams * int(model.split("events=")[1].split(",")[0]))
        return {"cpu": per(report, report["events"]), "p50": report["delay_us"]["p50"],
                "p99": report["delay_us"]["p99"], "rate": report["events"] / report["seconds"],
                "cut": streams - report["requests"]}
    return measure


def row_stream_32(bench):
    """32 streams of 50 events a second each: CPU per event, added delay."""
    bench.rounds("stream-32", measure_streams(bench, 32, QUICK_STREAM_FAST if bench.quick else STREAM_FAST, 20))


def row_stream_1000(bench):
    """1,000 streams of 5 events a second each."""
    bench.rounds("stream-1000", measure_streams(bench, 1000, QUICK_STREAM_MANY if bench.quick else STREAM_MANY, 1000))


def in_flight(bench, target, model, count, arguments, name):
    """The highest value of @name while a load runs."""
    process = subprocess.Popen(bench.load_command(target, model, *arguments), stdout=subprocess.PIPE, text=True,
                               preexec_fn=targets.pin(bench.other))
    highest = 0
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        highest = max(highest, targets.memory_kb(target.pid, name))
        time.sleep(0.02)
    if process.poll() is None:
        process.kill()
    report = json.loads(process.communicate()[0] or "{}")
    if report:
        bench.check(target, report)
    return highest, report.get("requests", 0) == count


def row_memory(bench):
    """Idle, after many requests, per open stream, at the peak of 1,500 requests of 150 kB in flight."""
    numbers = bench.results["memory"] = {}
    streams = 300 if bench.quick else 1000
    many = 10000 if bench.quick else 100000
    for target in bench.all:
        if target is bench.provider or not target.pid:
            continue
        target.restart(bench.core)
        target.ask_once()
        time.sleep(0.3)
        mine = numbers[target.name] = {"idle": targets.memory_kb(target.pid, "Pss") / MIB}
        bench.load(target, PLAIN, "-c", 32, "-n", many // 2)
        half = targets.memory_kb(target.pid, "VmRSS")
        bench.load(target, PLAIN, "-c", 32, "-n", many // 2)
        mine["after"] = targets.memory_kb(target.pid, "VmRSS") / MIB
        mine["growth"] = mine["after"] - half / MIB
        before = targets.memory_kb(target.pid, "VmRSS")
        highest, _ = in_flight(bench, target, STREAM_OPEN, streams,
                               ("--stream", "-c", streams, "-n", streams, "--ramp", 1000), "VmRSS")
        mine["stream"] = (highest - before) / streams
        target.restart(bench.core)
        target.ask_once()
        targets.reset_peak(target.pid)
        mine["peak"] = in_flight(bench, target, SLOW, 1500,
                                 ("-c", 1500, "-n", 1500, "--ramp", 500, "--size", 150000), "VmHWM")[0] / MIB


def row_start(bench):
    """From starting the process to its first whole answer. Includes what it costs us to start one (about 2 ms)."""
    def measure(target):
        target.stop()
        begun = time.perf_counter()
        target.start()
        deadline = time.monotonic() + 10
        while True:
            try:
                target.ask_once()
                break
            except (OSError, BenchError):
                if time.monotonic() > deadline:
                    raise
        return {"first": (time.perf_counter() - begun) * 1000}
    bench.rounds("start", measure, skip=("direct", "gateway"))


ROWS = {"chat-32": row_chat_32, "chat-1": row_chat_1, "stream-32": row_stream_32, "stream-1000": row_stream_1000,
        "body-2m": row_body_2m, "embed-270k": row_embed_270k, "memory": row_memory, "start": row_start}

# of each row: the numbers shown: name, title, format
COLUMNS = {
    "chat-32": (("cpu", "CPU µs a request", ".1f"), ("p50", "p50 µs", ".0f"), ("p99", "p99 µs", ".0f"),
                ("rate", "requests a second", ".0f")),
    "stream-32": (("cpu", "CPU µs an event", ".1f"), ("p50", "delay p50 µs", ".0f"), ("p99", "delay p99 µs", ".0f"),
                  ("rate", "events a second", ".0f"), ("cut", "streams not whole", ".0f")),
    "memory": (("idle", "idle PSS MiB", ".1f"), ("after", "RSS after many MiB", ".1f"),
               ("growth", "growth in 2nd half MiB", ".2f"), ("stream", "kB an open stream", ".1f"),
               ("peak", "peak MiB, 1,500 x 150 kB", ".1f")),
    "start": (("first", "first answer ms", ".1f"),),
}
COLUMNS.update({"chat-1": COLUMNS["chat-32"], "body-2m": COLUMNS["chat-32"], "embed-270k": COLUMNS["chat-32"],
                "stream-1000": COLUMNS["stream-32"]})


def ratio(name, yardstick, limit):
    """A target that is a multiple of what a yardstick takes."""
    def judge(results, row, ours):
        theirs = results[row].get(yardstick, {}).get(name)
        mine = results[row][ours].get(name)
        if not theirs or mine is None:
            return None
        return f"CPU {mine / theirs:.2f} x {yardstick}", f"<= {limit} x", mine / theirs <= limit
    return judge


def added_ratio(name, limit):
    """What is added to a direct call, as a multiple of what the bare relay adds."""
    def judge(results, row, ours):
        numbers = results[row]
        if "relay" not in numbers or "direct" not in numbers:
            return None
        direct = numbers["direct"][name]
        mine, theirs = numbers[ours][name] - direct, numbers["relay"][name] - direct
        return (f"added {name} {mine:.0f} µs, {mine / max(theirs, 1):.2f} x relay ({theirs:.0f} µs)",
                f"<= {limit} x", mine <= limit * max(theirs, 1))
    return judge


def added(name, limit):
    """What is added to a direct call, in µs."""
    def judge(results, row, ours):
        mine = results[row][ours][name] - results[row].get("direct", {}).get(name, 0)
        return f"added {name} {mine:.0f} µs", f"<= {limit} µs", mine <= limit
    return judge


def at_most(name, limit, unit):
    def judge(results, row, ours):
        mine = results[row][ours].get(name)
        return None if mine is None else (f"{name} {mine:.1f} {unit}", f"<= {limit} {unit}", mine <= limit)
    return judge


def against_row(name, other, limit):
    """The same number in another row."""
    def judge(results, row, ours):
        mine, theirs = results[row][ours].get(name), results.get(other, {}).get(ours, {}).get(name)
        if not theirs or mine is None:
            return None
        return f"CPU {mine / theirs:.2f} x {other}", f"<= {limit} x (wished)", mine / theirs <= limit
    return judge


TARGETS = {
    "chat-32": (ratio("cpu", "relay", 1.6),),
    "chat-1": (added_ratio("p50", 2), added_ratio("p99", 2)),
    "stream-32": (ratio("cpu", "nginx", 3.5), added("p50", 300)),
    "stream-1000": (against_row("cpu", "stream-32", 2),),
    "body-2m": (ratio("cpu", "relay", 1.5),),
    "embed-270k": (ratio("cpu", "relay", 1.5),),
    "memory": (at_most("idle", 9, "MiB"), at_most("after", 25, "MiB"), at_most("growth", 0.5, "MiB"),
               at_most("stream", 100, "kB"), at_most("peak", 256, "MiB")),
    "start": (at_most("first", 30, "ms"),),
}


def print_row(row, results, void):
    """The table of a row. @void: whose figures mean nothing. Returns how many of its targets were missed."""
    numbers = results[row]
    names = list(numbers)
    print(f"\n{row}: {ROWS[row].__doc__}")
    print(f"  {'':26}" + "".join(f"{name:>12}" for name in names))
    for key, title, form in COLUMNS[row]:
        cells = [format(numbers[name][key], form) if key in numbers[name] else "-" for name in names]
        print(f"  {title:26}" + "".join(f"{cell:>12}" for cell in cells))
    missed = 0
    for ours in names:
        if ours in void:
            print(f"  {ours}: VOID, it had errors")
            continue
        for judge in TARGETS[row] if ours in OURS else ():
            verdict = judge(results, row, ours)
            if verdict:
                what, limit, met = verdict
                missed += not met
                print(f"  {ours}: {what}, to reach {limit}: {'met' if met else 'NOT MET'}")
    sys.stdout.flush()
    return missed


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fake-provider", required=True, metavar="PROGRAM")
    parser.add_argument("--bare-relay", required=True, metavar="PROGRAM")
    parser.add_argument("--loadgen", required=True, metavar="PROGRAM")
    parser.add_argument("--nginx", default="/usr/sbin/nginx", metavar="PROGRAM")
    parser.add_argument("--nginx-conf", metavar="TEMPLATE",
                        default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "nginx.conf.in"))
    parser.add_argument("--sluiced", metavar="PROGRAM")
    parser.add_argument("--gateway", metavar="URL", help="measure this gateway too: http://127.0.0.1:PORT")
    parser.add_argument("--key", help="of that gateway")
    parser.add_argument("--pid", type=int, help="of that gateway, for CPU and memory")
    parser.add_argument("--model-prefix", default="", help="in front of the fake provider's model names there")
    parser.add_argument("--provider-port", type=int, default=0, help="a fixed port for the fake provider")
    parser.add_argument("--print-config", action="store_true", help="print a configuration for that gateway and end")
    parser.add_argument("--only", metavar="ROW,...", help="of " + ", ".join(ROWS))
    parser.add_argument("--only-targets", metavar="NAME,...",
                        help="of nginx, relay, local, billable, gateway (direct always)")
    parser.add_argument("--rounds", type=int, help="default 5, quick 3")
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    parser.add_argument("--no-pin", action="store_true", help="leave processes to the scheduler")
    parser.add_argument("--json", metavar="FILE", help="write the medians there")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.rows = options.only.split(",") if options.only else list(ROWS)
    unknown = [row for row in options.rows if row not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    return options


def main():
    options = read_options()
    if options.print_config:
        print(targets.config_yaml(MODELS, options.provider_port or 18080, named_alike=True), end="")
        return 0
    bench = Bench(options)
    missed = 0
    try:
        bench.add_targets()
        bench.start()
        if bench.core is None:
            print("processes are not pinned")
        else:
            print(f"pinned: what is measured on core {bench.core}; load generator and fake provider on core "
                  f"{bench.other}. \"direct\" is the fake provider itself.")
        print(f"medians of {options.rounds} rounds, all in turn; CPU is user + system time of the whole process")
        for row in options.rows:
            bench.restart()
            bench.void.clear()
            ROWS[row](bench)
            missed += print_row(row, bench.results, bench.void)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(bench.results, file, indent=2)
                file.write("\n")
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    finally:
        bench.stop()
    print(f"\ntargets not met: {missed}; runs with errors: {bench.failures}")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
