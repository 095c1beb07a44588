"""Starts the real programs and speaks to them as people and programs do: processes, HTTPS, Modbus.

No sleeps for luck: `until` asks again until an answer comes or a generous deadline says that it never will.
"""
import hashlib
import http.client
import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

# Whoever started us may ignore Ctrl-C, and then so would all that we start; with a handler of our own
# they begin with the default.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LINESHAFT_BINARY", str(ROOT / "build/dev/lineshaft"))
SHARED = ROOT.parent / "shared"
DEADLINE_S = 60
PASSWORD = "nine copper ladles hum"


def free_port():
    return free_ports(1)


def free_ports(count):
    """The first of so many free ports in a row, below those that the system gives to whoever connects.

    Runs that go on at the same time have different SCENARIO_SLOTs (0 or 1): none takes what another has just found."""
    while True:
        first = random.randrange(10_000, 20_000) + 10_000 * int(os.environ.get("SCENARIO_SLOT", 0))
        held = []
        try:
            for port in range(first, first + count):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in held:
                s.close()


def until(ask, what, deadline_s=DEADLINE_S):
    """The first true answer of `ask`; fails with `what` when none comes in time."""
    end = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain for: {what}; last answer {answer!r}")
        time.sleep(0.05)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """`lineshaft serve` on a free port with a data directory of its own."""

    def __init__(self, directory, *arguments, environment=None):
        self.directory = Path(directory)
        self.log = self.directory.parent / f"{self.directory.name}.log"
        self.port = free_port()
        self.arguments = arguments
        self.environment = {**os.environ, "XDG_CONFIG_HOME": str(self.directory / "config"),
                            "LINESHAFT_URL": f"https://127.0.0.1:{self.port}", **(environment or {})}
        self.cookie = self.csrf = self.token = None
        self.process = None
        self.start()

    def start(self):
        if self.process and self.process.poll() is None:
            self.kill()  # of a test that failed before it could stop it
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", str(self.directory), "--listen", f"127.0.0.1:{self.port}",
                 *self.arguments], stdout=log, stderr=subprocess.STDOUT, env=self.environment)
        until(lambda: "  data " in self.output() or self.process.poll() is not None, "the server's start")
        assert self.process.poll() is None, self.output()
        self.fingerprint = re.search(r"SHA-256 (\S+)", self.output())[1]
        code = re.search(r"claim code +(\S+)", self.output())
        self.claim_code = code and code[1]
        self.environment["LINESHAFT_FINGERPRINT"] = self.fingerprint

    def output(self):
        return self.log.read_bytes()[self.log_start:].decode(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE_S)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def request(self, method, path, body=None, headers=None, raw=None):
        # No certificate of an authority is read: the fingerprint is compared below instead.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=DEADLINE_S)
        connection.connect()
        digest = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest().upper()
        assert digest == self.fingerprint.replace(":", ""), "another certificate than the one printed"
        send = {"content-type": "application/json"}
        if self.token:
            send["authorization"] = f"Bearer {self.token}"
        elif self.cookie:
            send["cookie"] = self.cookie
            if method != "GET":
                send["x-csrf-token"] = self.csrf
        send.update(headers or {})
        data = raw if raw is not None else (None if body is None else json.dumps(body))
        connection.request(method, path if path.startswith("/health") else "/api/v1" + path, data, send)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def ok(self, method, path, body=None, **more):
        answer = self.request(method, path, body, **more)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:500]}"
        return answer.json if answer.body else None

    def get(self, path):
        return self.ok("GET", path)

    def claim(self, organisation="Northfield Steel"):
        answer = self.request("POST", "/claim", {
            "code": self.claim_code, "organisation": organisation, "email": "ann@example.com",
            "name": "Ann", "password": PASSWORD})
        assert answer.status == 201, answer.body
        self.keep_session(answer)

    def keep_session(self, answer):
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.csrf = answer.json["csrf"]

    def sign_in(self):
        self.cookie = None
        answer = self.request("POST", "/session", {"email": "ann@example.com", "password": PASSWORD})
        assert answer.status == 200, answer.body
        self.keep_session(answer)

    def cli(self, *arguments, expect=0, stdin=None, environment=None):
        """Runs the command line against this server; its stdout."""
        done = subprocess.run([BINARY, *arguments], env={**self.environment, **(environment or {})},
                              input=stdin, capture_output=True, text=True, timeout=300)
        assert done.returncode == expect, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def drawn_by(self, *arguments, environment=None):
        """Runs the command line with a terminal as its stderr: its exit code, and what it drew there."""
        terminal, inside = pty.openpty()
        process = subprocess.Popen([BINARY, *arguments], stdout=subprocess.DEVNULL, stderr=inside,
                                   env={**self.environment, "TERM": "xterm", **(environment or {})})
        os.close(inside)
        drawn = b""
        try:
            while piece := os.read(terminal, 65536):
                drawn += piece
        except OSError:  # the other side is closed: Linux says EIO
            pass
        os.close(terminal)
        return process.wait(DEADLINE_S), drawn

    def cli_login(self):
        self.cli("login", "--email", "ann@example.com", environment={"LINESHAFT_PASSWORD": PASSWORD})

    def connection(self, name):
        return next(c for c in self.get("/connections")["items"] if c["name"] == name)

    def tag(self, path):
        return next(t for t in self.get(f"/tags?text={path.replace(' ', '%20')}")["items"] if t["path"] == path)

    def loss_of(self, path):
        """The last sample of a tag as soon as it tells a loss, which the state of its connection tells a moment before."""
        def last():
            sample = self.tag(path)["last"]
            return sample if sample["quality"] != "Good" else None
        return until(last, f"a loss of {path}")


class Scenario(unittest.TestCase):
    """A folder for each test, servers stopped at its end, their logs shown when it fails."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lineshaft-scenario-"))
        self.servers, self.processes = [], []

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.wait()
        for server in self.servers:
            server.stop()
        failed = any(error for _, error in getattr(self._outcome, "errors", []) if error) or any(
            test is self for test, _ in (self._outcome.result.errors + self._outcome.result.failures))
        if failed:
            for server in self.servers:
                print(f"--- {server.directory.name}:\n{server.output()[-4000:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def serve(self, *arguments, name="server", **more):
        server = Server(self.folder / name, *arguments, **more)
        self.servers.append(server)
        return server

    def run_process(self, *arguments, **more):
        process = subprocess.Popen(arguments, **more)
        self.processes.append(process)
        return process
