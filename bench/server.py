#!/usr/bin/env python3
"""bench/server.py BINARY [SECONDS]: the whole server in front of the demo plant.

From a new data directory: how long until the console's first page is there, until the first live value of a
machine, how much memory after SECONDS (60) of the plant, and how long a durable append over HTTPS takes.
"""
import gzip
import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = binary = str(Path(sys.argv[1]).resolve())
from harness import Server, until  # noqa: E402

SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60


def page_is_there(server):
    """The console's first page and every script and style it names, as a browser would load them."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=10)
    waiting = ["/"]
    loaded = set()
    while waiting:
        path = waiting.pop()
        connection.request("GET", path, headers={"accept-encoding": "gzip"})
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, (path, response.status)
        loaded.add(path)
        if path == "/":
            for piece in gzip.decompress(body).decode().split('"')[1::2]:
                if piece.startswith("/assets/") and piece not in loaded:
                    waiting.append(piece)
    assert len(loaded) > 2, f"only {loaded}"


def resident_mb(process):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return {key: int(text.split(f"{key}:")[1].split()[0]) / 1024 for key in ("VmRSS", "VmHWM")}


def append_latency(server, count, samples):
    """Milliseconds from request to durable acknowledgement, one request after the other on one connection."""
    tag = server.ok("POST", "/tags", {"path": f"bench/site/append{samples}", "type": "float64"})["id"]
    token = server.ok("POST", "/tokens", {"name": f"bench {samples}", "role": "engineer"})["token"]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    start = 1_700_000_000_000_000_000
    waited = []
    for i in range(count):
        body = json.dumps({"samples": [{"tag": tag, "time": str(start + i * samples + k), "value": k / 8}
                                       for k in range(samples)]})
        began = time.perf_counter()
        connection.request("POST", "/api/v1/values", body, headers)
        response = connection.getresponse()
        answer = response.read()
        waited.append((time.perf_counter() - began) * 1000)
        assert response.status == 200, answer
    waited.sort()
    return statistics.median(waited), waited[int(len(waited) * 0.99)]


def main():
    with tempfile.TemporaryDirectory(prefix="lineshaft-bench-") as folder:
        provision = Path(folder) / "provision"
        provision.mkdir()
        (provision / "connections.json").write_bytes(
            subprocess.run([binary, "sim", "plant", "--print-connections"], check=True,
                           stdout=subprocess.PIPE).stdout)
        plant = subprocess.Popen([binary, "sim", "plant"], stdout=subprocess.DEVNULL)
        try:
            began = time.perf_counter()
            server = Server(Path(folder) / "server", "--provision", str(provision))
            page_is_there(server)
            page_s = time.perf_counter() - began
            server.claim()
            until(lambda: any(t["last"] and t["last"]["quality"] == "Good"
                              for t in server.get("/tags?limit=1000")["items"]), "a live value")
            value_s = time.perf_counter() - began
            print(f"start of the process to the whole first page {page_s:.2f} s, to the first live value {value_s:.2f} s")
            time.sleep(SECONDS)
            overview = server.get("/overview")
            memory = resident_mb(server.process)
            print(f"after {SECONDS} s of the demo plant: {overview['tags']} tags, "
                  f"{overview['values_per_second']:.0f} values/s, resident {memory['VmRSS']:.1f} MB "
                  f"(greatest {memory['VmHWM']:.1f} MB)")
            for samples in (1, 100):
                p50, p99 = append_latency(server, 2000, samples)
                print(f"durable append of {samples:3d} over HTTPS: acknowledged after p50 {p50:.2f} ms, p99 {p99:.2f} ms")
            server.stop()
        finally:
            plant.kill()
            plant.wait()


if __name__ == "__main__":
    main()
