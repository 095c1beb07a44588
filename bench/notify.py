#!/usr/bin/env python3
"""bench/notify.py BUILD [RATE]: changes that the OPC UA server of the whole program tells a subscriber, the historian behind it.

RATE (300,000) samples a second of 10,000 tags come over HTTPS in batches of 10,000, are made durable, and go through a flow to a client of
open62541 that subscribes to all of them. Every sample has a new time, and is a change. CPU is that of the server.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(sys.argv[1]).resolve()
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 300_000
TAGS = 10_000
SECONDS = 10
SETTLE_S = 15  # for the client to find and monitor its nodes, and for what it leaves out of its count
sys.path.insert(0, str(ROOT / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = str(BUILD / "lineshaft")
from harness import Server, free_port, until  # noqa: E402


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().split(") ")[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def add_tags(server):
    """As opcua_bench names them, with the types of the corpus; the id of the first."""
    listed = subprocess.run([BUILD / "bench/ingest_bench", "tags", "--tags", str(TAGS)], stdout=subprocess.PIPE, text=True, check=True).stdout
    kinds = [line.split()[1] for line in listed.splitlines()]
    ids = [server.ok("POST", "/tags", {"path": f"works/line {i // 100}/signal {i % 100}", "type": kind})["id"] for i, kind in enumerate(kinds)]
    assert ids == list(range(ids[0], ids[0] + TAGS)), "ids are not given out one after the other"
    return ids[0]


def main():
    with tempfile.TemporaryDirectory(prefix="bench-store.", dir=BUILD) as folder:
        server = Server(Path(folder) / "server")
        server.claim()
        token = server.ok("POST", "/tokens", {"name": "bench", "role": "engineer"})["token"]
        first, port = add_tags(server), free_port()
        flow = server.ok("POST", "/flows", {"name": "opcua", "kind": "opcua-server",
                                            "settings": {"port": port, "allow_none": True, "allow_anonymous": True}})
        until(lambda: server.get(f"/flows/{flow['id']}")["status"]["state"] == "up", "the server of the flow")
        samples = RATE * (SETTLE_S + SECONDS) // TAGS
        sender = subprocess.Popen([BUILD / "bench/ingest_bench", "batch", f"127.0.0.1:{server.port}", server.fingerprint, "/api/v1/values/batch",
                                   "--token", token, "--tags", str(TAGS), "--samples", str(samples), "--connections", "1", "--rate", str(RATE),
                                   "--first-tag", str(first)], stdout=subprocess.PIPE, text=True)
        until(lambda: server.get(f"/flows/{flow['id']}")["status"]["samples_out"] > 0, "the first sample")
        before, began = cpu_seconds(server.process.pid), time.monotonic()
        told = subprocess.run([BUILD / "bench/opcua_bench", "listen", "--port", str(port), "--seconds", str(SECONDS)], stdout=subprocess.PIPE,
                              text=True, check=True)
        core = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - began)
        figures = json.loads(sender.communicate()[0])
        assert sender.returncode == 0
        server.stop()
    print(f"{int(told.stdout)} changes/s told to a subscriber of {TAGS} tags, of {RATE} a second that are sent and made durable; the sender's "
          f"own rate {figures['samples_per_s']:.0f}/s, acknowledged after p50 {figures['ack_ms']['p50']:.1f}, p99 {figures['ack_ms']['p99']:.1f} "
          f"ms; {100 * core:.0f} % of a core")


if __name__ == "__main__":
    main()
