#!/usr/bin/env python3
"""bench/ingest_http.py BUILD [SAMPLES]: the whole server, fed over HTTPS by a program that sends bodies made before.

Binary batches and line protocol, 1,000 tags with SAMPLES (10,000) each, 10,000 values a batch; then line protocol
to those peers that tools/setup bench has unpacked, by the same client. Every acknowledged sample is counted after.
"""
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(sys.argv[1]).resolve()
SAMPLES = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
TAGS = 1000
CLIENT = BUILD / "bench/ingest_bench"
sys.path.insert(0, str(ROOT / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = str(BUILD / "lineshaft")
from harness import Server, free_port, until  # noqa: E402


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().split(") ")[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid):
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def send(pid, form, port, fingerprint, target, *more):
    """Runs the client; its figures, and the CPU that the server took."""
    before = cpu_seconds(pid)
    done = subprocess.run([CLIENT, form, f"127.0.0.1:{port}", fingerprint, target, "--tags", str(TAGS), "--samples",
                           str(SAMPLES), *more], stdout=subprocess.PIPE, text=True, check=True)
    return {**json.loads(done.stdout), "server_cpu_s": cpu_seconds(pid) - before, "rss_peak_mb": peak_mb(pid)}


def show(who, durable, figures):
    each = figures["samples"] / max(figures["server_cpu_s"], 0.01)
    print(f"{who:34s} {figures['samples_per_s'] / 1e6:6.2f} M samples/s  {each / 1e6:6.2f} M a second of its CPU  acknowledged "
          f"after p50 {figures['ack_ms']['p50']:6.2f} ms, p99 {figures['ack_ms']['p99']:6.1f} ms  {figures['connections']} connections  "
          f"{figures['bytes_per_sample']:4.1f} bytes/sample  {figures['rss_peak_mb']:4.0f} MB  {'' if durable else 'not '}durable",
          flush=True)


def count(server, path):
    tag = server.tag(path)["id"]
    items = server.get(f"/values/aggregate?tag={tag}&from=2000-01-01&to=2030-01-01&step_ms=1000000000000")["items"]
    return sum(item["count"] for item in items)


def own(form, connections):
    with tempfile.TemporaryDirectory(prefix="bench-store.", dir=BUILD) as folder:
        server = Server(Path(folder) / "server")
        server.claim()
        token = server.ok("POST", "/tokens", {"name": "bench", "role": "engineer"})["token"]
        tags = [line.split() for line in
                subprocess.run([CLIENT, "tags", "--tags", str(TAGS)], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.splitlines()]
        more, target = (), "/api/v1/write?precision=ms&prefix=bench"
        path = "bench/v/t={}/v"
        if form == "batch":
            ids = [server.ok("POST", "/tags", {"path": f"bench/corpus/{name}", "type": kind})["id"] for name, kind in tags]
            assert ids == list(range(ids[0], ids[0] + TAGS)), "ids are not given out one after the other"
            more, target, path = ("--first-tag", str(ids[0])), "/api/v1/values/batch", "bench/corpus/{}"
        figures = send(server.process.pid, form, server.port, server.fingerprint, target, "--token", token,
                       "--connections", str(connections), *more)
        for name, _ in (tags[0], tags[-1]):
            found = count(server, path.format(name))
            assert found == SAMPLES, f"{found} samples of {name} instead of {SAMPLES}"
        server.stop()
    show(f"Lineshaft, {form}", True, figures)


PEERS = ROOT / ".tools/peers/debian"
INFLUXDB = """bind-address = "127.0.0.1:{rpc}"
reporting-enabled = false
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "tsi1"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  https-enabled = true
  https-certificate = "{certificate}"
  https-private-key = "{key}"
[ifql]
  enabled = false
"""


def ask(port, method, path):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().status < 300
    except OSError:
        return False
    finally:
        connection.close()


def peers():
    """By line protocol over TLS too, with a certificate of ours."""
    with tempfile.TemporaryDirectory(prefix="bench-store.", dir=BUILD) as folder:
        server = Server(Path(folder) / "server")
        fingerprint = server.fingerprint
        server.stop()
        tls = server.directory / "tls"
        port, rpc = free_port(), free_port()

        def run(name, durable, command, ready, target):
            for connections in (1, 2, 4):
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    until(lambda: ask(port, *ready), f"{name} to start")
                    show(f"{name}, lines", durable,
                         send(process.pid, "lines", port, fingerprint, target, "--connections", str(connections)))
                finally:
                    process.kill()
                    process.wait()
                    for part in ("vm", "meta", "data", "wal"):
                        shutil.rmtree(Path(folder) / part, ignore_errors=True)

        if (PEERS / "usr/bin/victoria-metrics").exists():
            run("VictoriaMetrics " + version("victoria-metrics"), False,
                [PEERS / "usr/bin/victoria-metrics", f"-storageDataPath={folder}/vm", f"-httpListenAddr=127.0.0.1:{port}",
                 "-retentionPeriod=100y", "-tls", f"-tlsCertFile={tls}/certificate.pem", f"-tlsKeyFile={tls}/key.pem"],
                ("GET", "/health"), "/write?precision=ms")
        if (PEERS / "usr/bin/influxd").exists():
            config = Path(folder) / "influxdb.conf"
            config.write_text(INFLUXDB.format(rpc=rpc, port=port, folder=folder, certificate=tls / "certificate.pem", key=tls / "key.pem"))
            run("InfluxDB " + version("influxdb"), True, [PEERS / "usr/bin/influxd", "-config", config],
                ("POST", "/query?q=CREATE+DATABASE+bench"), "/write?db=bench&precision=ms")


def version(package):
    return re.split("[+~]", (PEERS / f"{package}.version").read_text())[0].strip()


def main():
    for form in ("batch", "lines"):
        for connections in (1, 2, 4):
            own(form, connections)
    peers()


if __name__ == "__main__":
    main()
