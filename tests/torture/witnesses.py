#!/usr/bin/env python3
"""tests/torture/witnesses.py BINARY: programs that others wrote look at a server from outside: nmap and testssl.sh (`tools/setup witness`).

In a network of its own with a second address: nmap tries all 65,535 ports of both and must find open exactly those that `lineshaft doctor
--exposure` names, at loopback alone; names the versions and suites of TLS, which must be those of docs/reference/security.md; testssl.sh
tries what is known against TLS, and may find nothing but what EXPECTED explains. Prints the counts as one line of JSON.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from installs import own_network

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
if len(sys.argv) > 1:
    os.environ["LINESHAFT_BINARY"] = str(Path(sys.argv.pop(1)).resolve())
del sys.argv[1:]  # how many is always both
from harness import Scenario, free_ports, until  # noqa: E402

OUTSIDE = "192.0.2.1"  # an address that others would reach
# Names as nmap and IANA have them; nmap writes AKE where a suite of 1.3 names no exchange of keys.
SUITES = {"TLSv1.2": {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
          "TLSv1.3": {"TLS_AKE_WITH_AES_256_GCM_SHA384", "TLS_AKE_WITH_AES_128_GCM_SHA256", "TLS_AKE_WITH_CHACHA20_POLY1305_SHA256"}}
# What testssl.sh may find, and why that is no fault here.
EXPECTED = {
    "engine_problem": "of the machine that it runs on, not of the server",
    "cert_revocation": "an authority of one's own: its list is at /authority.crl, which clients of the house load",
    "BREACH": "the pages of the console are compressed: they are the same for everybody and repeat nothing; answers of the API are not",
}
FOUND = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN"}
CHECKS_MIN = 80  # else it ended early


def tool(name, *others):
    found = next((shutil.which(one) for one in (name, *others) if shutil.which(one)), None)
    if found is None:
        sys.exit(f"{name} is missing: tools/setup witness")
    return found


def nmap(*arguments):
    done = subprocess.run([tool("nmap"), "-n", "-Pn", "-sT", "-oX", "-", *arguments], capture_output=True, text=True, timeout=900, check=True)
    return ElementTree.fromstring(done.stdout)


def open_ports(host, ports="-"):
    return {int(port.get("portid")) for port in nmap("-p", ports, host).iter("port") if port.find("state").get("state") == "open"}


class Witnesses(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()

    def test_find_what_we_say_and_no_more(self):
        ports = free_ports(2)
        for kind, port in (("modbus-server", ports), ("opcua-server", ports + 1)):
            self.server.ok("POST", "/flows", {"name": kind, "kind": kind, "settings": {"port": port}})
        said = until(lambda: (told := self.said_to_be_open()) and len(told) == 3 and told, "both flows among what is open")
        self.assertEqual(open_ports("127.0.0.1"), said)
        self.assertEqual(open_ports(OUTSIDE), set(), "only loopback is open")
        self.assertEqual(self.suites(), SUITES)
        checks = self.look_with_testssl()
        print(json.dumps({"torture": {"outside_witnesses": 2, "ports_tried": 2 * 65_535, "checks_of_testssl": checks}}))

    def said_to_be_open(self):
        told = subprocess.run([self.server.process.args[0], "doctor", "--exposure"], env=self.server.environment, capture_output=True, text=True,
                              check=False).stdout
        return {int(port) for port in re.findall(r" at (?:\w[\w+.-]*://)?\S+?:(\d+)\S*, for this machine only", told)}

    def suites(self):
        script = nmap("-p", str(self.server.port), "--script", "ssl-enum-ciphers", "127.0.0.1").find(".//script")
        return {version.get("key"): {name.text for name in version.findall("table[@key='ciphers']/table/elem[@key='name']")}
                for version in script.findall("table")}

    def look_with_testssl(self):
        file = self.folder / "testssl.json"
        subprocess.run([tool("testssl", "testssl.sh"), "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--add-ca",
                        str(self.server.directory / "tls/authority.pem"), "--jsonfile", str(file), f"127.0.0.1:{self.server.port}"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=1800, check=False)
        checks = json.loads(file.read_text())
        self.assertGreater(len(checks), CHECKS_MIN)
        found = [f"{one['id']}: {one['severity']}: {one['finding']}" for one in checks
                 if one["severity"] in FOUND and one["id"].split()[0] not in EXPECTED]
        self.assertEqual(found, [])
        return len(checks)


if __name__ == "__main__":
    if os.environ.get("LINESHAFT_OWN_NETWORK"):
        for words in ("link set lo up", f"address add {OUTSIDE}/32 dev lo"):
            subprocess.run(["ip", *words.split()], check=True)
        unittest.main()
    words = own_network()
    if words is None:
        sys.exit("this needs a network of its own: root, or user namespaces")
    sys.exit(subprocess.run([*words, sys.executable, __file__, os.environ["LINESHAFT_BINARY"]],
                            env={**os.environ, "LINESHAFT_OWN_NETWORK": "1"}, check=False).returncode)
