#!/usr/bin/env python3
"""bench/slow_peers.py BUILD [PEERS [CLIENTS]]: crowds at the door of the server, and what honest requests take meanwhile.

Each on a server of its own: PEERS (5000) strangers that are slow in six ways, a fifth as many WebSockets of people who are
signed in and then keep silent, and CLIENTS (15000) with a token who connect all at once and ask one question each. The crowd
runs on the same two cores as the server, so that the latencies are those of a machine that has its attacker on board. Each
hundred peers have an address of their own (127.0.0.2 and on).
Sockets: `ulimit -Hn` must be some 2,000 above CLIENTS; the script raises the soft limit by itself.
"""
import gzip
import http.client
import json
import os
import re
import resource
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(sys.argv[1]).resolve()
PEERS = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
CLIENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 15000
SPARE_SOCKETS = 2000  # of the server: files, and connections of those who are known
STRANGERS = "silent,half-open TLS,idle,slow header,slow body,slow reader"
sys.path.insert(0, str(ROOT / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = str(BUILD / "lineshaft")
from harness import Server  # noqa: E402


def raise_limit(wanted):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"a process may open {hard} sockets here, {wanted} are needed: as root `prlimit --pid $$ --nofile={wanted}:{wanted}` in "
                 "the shell before, or LimitNOFILE= of its service; or give smaller numbers")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def largest_asset(port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def load(path):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
        connection.request("GET", path, headers={"accept-encoding": "gzip"})
        return gzip.decompress(connection.getresponse().read())

    return max(re.findall(r'"(/assets/[^"]+\.js)"', load("/").decode()), key=lambda path: len(load(path)))


def run(mode, peers, *options):
    with tempfile.TemporaryDirectory(prefix="lineshaft-bench-") as folder:
        server = Server(Path(folder) / "server")
        server.claim()
        token = server.ok("POST", "/tokens", {"name": "bench", "role": "viewer"})["token"]
        done = subprocess.run([BUILD / "bench/slow_peers_bench", mode, str(server.port), str(server.process.pid), server.fingerprint, token,
                               "--peers", str(peers), "--asset", largest_asset(server.port), *options], stdout=subprocess.PIPE, text=True,
                              check=True)
        assert server.process.poll() is None, server.output()
        server.stop()
    return json.loads(done.stdout)


def print_honest(told):
    for way, name in (("kept", "over a kept connection"), ("new", "over a new one each")):
        alone, meanwhile = told["alone"][way], told["meanwhile"][way]
        print(f"honest requests {name}: alone p50 {alone['p50']:.2f}, p99 {alone['p99']:.2f} ms ({alone['count']}); meanwhile p50 "
              f"{meanwhile['p50']:.2f}, p99 {meanwhile['p99']:.2f} ms ({meanwhile['count']}): p99 x {meanwhile['p99'] / alone['p99']:.1f}")
    print(f"honest requests that failed: {told['meanwhile']['bad']}")


def print_memory(told):
    grown = told["kib_max"] - told["kib_before"]
    each = f", {grown / told['held_max']:.0f} KiB each of those" if told["held_max"] else ""
    print(f"memory {told['kib_before'] / 1024:.0f} -> {told['kib_max'] / 1024:.0f} MiB: {grown / 1024:.1f} MiB for at most "
          f"{told['held_max']} held at a time{each}")


def print_flood(told):
    print(f"{'kind':18} {'taken':>6} {'refused':>8} {'kept at most':>13}")
    for kind, one in told["kinds"].items():
        print(f"{kind:18} {one['peers']:6} {one['refused']:8} {one['kept_s_max']:11.1f} s")
    print(f"the last was gone {told['all_gone_s']:.1f} s after the first came" if told["all_gone"] else "SOME WERE NEVER LET GO")


def main():
    raise_limit(max(CLIENTS, PEERS) + SPARE_SOCKETS)
    print(f"-- {PEERS} strangers, slow in six ways")
    strangers = run("flood", PEERS, "--kinds", STRANGERS)
    print_flood(strangers)
    print_memory(strangers)
    print_honest(strangers)
    print(f"-- {PEERS // 5} WebSockets of people who are signed in and keep silent")
    sockets = run("flood", PEERS // 5, "--kinds", "silent WebSocket")
    print_flood(sockets)
    print_memory(sockets)
    print_honest(sockets)
    print(f"-- {CLIENTS} clients come back at once")
    clients = run("return", CLIENTS)
    waited = clients["answered_s"]
    print(f"{clients['answered']} of {CLIENTS} answered, after {clients['attempts']} attempts: half within {waited['p50']:.1f} s, "
          f"99 % within {waited['p99']:.1f} s, all within {waited['max']:.1f} s")
    print_memory(clients)
    print_honest(clients)
    for told in (strangers, sockets, clients):
        print(json.dumps(told))


if __name__ == "__main__":
    main()
