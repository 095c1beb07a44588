#!/usr/bin/env python3
"""tests/torture/installs.py BINARY [INSTALLS]: fresh installations, as anybody makes them: no two share a secret, and nobody else reaches one.

Each starts on a new data directory with the settings that nobody has touched, in a network of its own where the system allows that (a user
namespace), so that all of them have the same port; is claimed, and gives a token away. What is told and kept is collected: fingerprints, claim
code, cookie, token, the files of keys, the public keys of certificates and their numbers. All must differ between installations, and within one.
What it listens on is asked of the system (`ss`), before and after the claim. Prints the counts as one line of JSON.
"""
import hashlib
import http.client
import json
import os
import re
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_A_TIME = 2
START_S = 120
LISTEN = "127.0.0.1:8443"  # docs/reference/configuration.md
# Whoever has one of these files has a secret of the server.
SECRET = re.compile(r"(^|/)(master\.key|keys\.json|signing\.key|key\.pem|key\.der|ecc-key\.der|authority-key\.pem)$")
CERTIFICATES = {"tls/certificate.pem": "pem", "tls/authority.pem": "pem", "opcua/own/certificate.der": "der", "opcua/own/ecc-certificate.der": "der"}


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


class Install:
    def __init__(self, binary, directory, listen):
        self.directory, self.address, self.found = Path(directory), listen or LISTEN, {}
        self.log = open(f"{directory}.log", "w+b")
        arguments = ["--listen", listen] if listen else []
        self.process = subprocess.Popen([binary, "serve", "--data", str(directory), *arguments], stdout=self.log, stderr=subprocess.STDOUT,
                                        env={**os.environ, "XDG_CONFIG_HOME": f"{directory}.config"})

    def output(self):
        return Path(self.log.name).read_text(errors="replace")

    def note(self, what, value):
        assert value, f"there is no {what}"
        assert value not in self.found.values(), f"{what} is the same as another secret of this installation"
        self.found[what] = value

    def wait(self):
        end = time.monotonic() + START_S
        while "  data " not in self.output():
            assert self.process.poll() is None and time.monotonic() < end, self.output()
            time.sleep(0.05)
        self.note("certificate", re.search(r"certificate +SHA-256 (\S+)", self.output())[1])
        self.note("authority", re.search(r"authority +SHA-256 (\S+)", self.output())[1])
        self.note("claim code", re.search(r"claim code +(\S+)", self.output())[1])

    def listeners(self, is_alone):
        """Address and port of each socket that waits for others; in a network of one's own they are all ours."""
        told = subprocess.run(["ss", "-Hltunp"], check=True, capture_output=True, text=True).stdout
        lines = [line for line in told.splitlines() if is_alone or f"pid={self.process.pid}," in line]
        assert lines, "it listens nowhere, or the system does not tell which sockets are whose"
        return sorted({f"{line.split()[0]} {line.split()[4]}" for line in lines})

    def ask(self, method, path, body, headers=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        host, port = self.address.split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=60)
        connection.connect()
        shown = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest().upper()
        assert shown == self.found["certificate"].replace(":", ""), "another certificate than the one printed"
        connection.request(method, "/api/v1" + path, json.dumps(body), {"content-type": "application/json", **(headers or {})})
        response = connection.getresponse()
        told = json.loads(response.read())
        assert response.status == 201, told
        connection.close()
        return response.headers, told

    def claim(self):
        headers, told = self.ask("POST", "/claim", {"code": self.found["claim code"], "organisation": "Northfield Steel",
                                                    "email": "ann@example.com", "name": "Ann", "password": "nine copper ladles hum"})
        cookie = headers["set-cookie"].split(";")[0]
        self.note("cookie", cookie)
        self.note("CSRF token", told["csrf"])
        _, made = self.ask("POST", "/tokens", {"name": "x", "role": "viewer"}, {"cookie": cookie, "x-csrf-token": told["csrf"]})
        self.note("token", made["token"])

    def read_files(self):
        for file in sorted(path for path in self.directory.rglob("*") if path.is_file()):
            name = str(file.relative_to(self.directory))
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, f"others may read {name}"
            if SECRET.search(name) or name.endswith("verifier.key"):
                self.note(name, hashlib.sha256(file.read_bytes()).hexdigest())
        for name, form in CERTIFICATES.items():
            given = ("-in", str(self.directory / name), "-inform", form, "-noout")
            self.note(f"public key of {name}", openssl("x509", *given, "-pubkey"))
            if form == "pem":  # open62541 gives every certificate the number 1; OPC UA tells them apart by their thumbprints
                self.note(f"number of {name}", openssl("x509", *given, "-serial"))
        for name in ("master.key", "keys.json", "tls/key.pem", "tls/authority-key.pem", "opcua/own/key.der", "opcua/own/ecc-key.der", "audit/signing.key", "ledger/signing.key"):
            assert name in self.found, f"{name} is not among the files of keys"


def one(binary, directory, listen):
    """All about one installation, as JSON for whoever made the network around it."""
    if not listen:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    install = Install(binary, directory, listen)
    try:
        install.wait()
        wanted = [f"tcp {install.address}"]
        before = install.listeners(not listen)
        install.claim()
        after = install.listeners(not listen)
        assert before == after == wanted, f"it listens on {before}, then on {after}"
        install.read_files()
    finally:
        install.process.terminate()
        install.process.wait(60)
    print(json.dumps(install.found))


def own_network():
    """What to put before a command for a network of its own; None if the system allows none."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        done = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
        if done.returncode == 0:
            return words
    return None


def main():
    binary, installs = str(Path(sys.argv[1]).resolve()), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    around = own_network()
    if around is None:
        print("no network of one's own: each gets a port, and the default is not tried", file=sys.stderr)

    def run(number):
        with tempfile.TemporaryDirectory(prefix="lineshaft-install-") as folder:
            listen = "" if around else f"127.0.0.1:{21_000 + number}"
            done = subprocess.run([*(around or []), sys.executable, __file__, "--one", binary, f"{folder}/data", listen], capture_output=True,
                                  text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"installation {number}: {done.stderr[-4000:]}")
        return json.loads(done.stdout)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = list(pool.map(run, range(installs)))
    seen = {}
    for number, secrets in enumerate(found):
        assert secrets.keys() == found[0].keys(), f"installation {number} has other secrets: {sorted(secrets.keys() ^ found[0].keys())}"
        for what, value in secrets.items():
            assert value not in seen, f"{what} of installation {number} is {seen[value]}"
            seen[value] = f"{what} of installation {number}"
    print(json.dumps({"torture": {"fresh_installs": installs, "secrets_compared": len(seen)}}))


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(*sys.argv[2:5])
    else:
        main()
