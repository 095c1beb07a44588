#!/usr/bin/env python3
"""bench/restart.py BUILD [MIB_OF_LOG]: how soon a server that was killed at full load answers and takes samples again.

Binary batches over HTTPS until the log has grown to so many MiB; then SIGKILL, in the middle of it. First with the settings
of a new server, whose log never gets large, then with the largest memtable that there is, so that MIB_OF_LOG (640) wait in the
log: with more it would be written to a file.
"""
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(sys.argv[1]).resolve()
MIB = int(sys.argv[2]) if len(sys.argv) > 2 else 640
TAGS = 1000
CLIENT = BUILD / "bench/ingest_bench"
sys.path.insert(0, str(ROOT / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = str(BUILD / "lineshaft")
from harness import Server, until  # noqa: E402


def log_mib(server):
    """Of segments in use: a spare one is not read at a start."""
    return sum(file.stat().st_size for file in (server.directory / "history/wal").glob("0*.wal")) / 2**20


def run(memtable_mib, mib, seconds):
    with tempfile.TemporaryDirectory(prefix="bench-store.", dir=BUILD) as folder:
        config = Path(folder) / "lineshaft.toml"
        config.write_text(f"[history]\nmemtable_mib = {memtable_mib}\n")
        server = Server(Path(folder) / "server", "--config", str(config))
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "bench", "role": "engineer"})["token"]
        tags = [line.split() for line in subprocess.run([CLIENT, "tags", "--tags", str(TAGS)], stdout=subprocess.PIPE, text=True,
                                                        check=True).stdout.splitlines()]
        ids = [server.ok("POST", "/tags", {"path": f"bench/corpus/{name}", "type": kind})["id"] for name, kind in tags]
        client = subprocess.Popen([CLIENT, "batch", f"127.0.0.1:{server.port}", server.fingerprint, "/api/v1/values/batch",
                                   "--token", server.token, "--tags", str(TAGS), "--samples", "100000", "--first-tag", str(ids[0])],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = server.get("/overview")["values_stored"]
        until(lambda: server.get("/overview")["values_stored"] > before or client.poll() is not None, "the first samples")
        began = time.monotonic()
        until(lambda: log_mib(server) >= mib and time.monotonic() - began > seconds or client.poll() is not None, "the log to grow", 600)
        assert client.poll() is None, "the client ran out of samples"
        stored = server.get("/overview")["values_stored"]
        server.kill()
        client.wait()
        log = log_mib(server)
        killed = time.monotonic()
        server.process = subprocess.Popen([BUILD / "lineshaft", "serve", "--data", str(server.directory), "--listen",
                                           f"127.0.0.1:{server.port}", "--config", str(config)], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
        headers = {"authorization": f"Bearer {server.token}"}

        def first(ask, since):
            while True:
                try:
                    if ask() == 200:
                        return time.monotonic() - since
                except OSError:
                    time.sleep(0.005)

        cpu_of = lambda: sum(map(int, Path(f"/proc/{server.process.pid}/stat").read_text().split(") ")[1].split()[11:13])) \
            / os.sysconf("SC_CLK_TCK")
        answer_s = first(lambda: server.request("GET", f"/values/last?tags={ids[1]}", headers=headers).status, killed)
        cpu_s = cpu_of()
        number = next(i for i, (_, kind) in enumerate(tags) if kind == "float64")
        body = b"LSB1" + struct.pack("<BBHIIqd", 4, 0, 0, 1, ids[number], 1_800_000_000_000_000_000, 1.5)
        write_s = first(lambda: server.request("POST", "/values/batch", raw=body, headers=headers).status, killed)
        print(f"memtable_mib {memtable_mib}: killed with {stored / 1e6:.0f} M values stored and {log:.0f} MiB of log; first answer after "
              f"{answer_s:.2f} s ({cpu_s:.2f} s of CPU), first write durable after {write_s:.2f} s", flush=True)
        server.stop()


if __name__ == "__main__":
    run(8, 0, 3)
    run(1024, MIB, 0)
