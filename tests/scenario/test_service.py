"""The service, its rights on the machine, and many fresh installations: each with keys of its own, and closed."""
import os
import re
import shutil
import subprocess
import unittest

from harness import BINARY, DEADLINE_S, ROOT, Scenario, free_port

INSTALLS = int(os.environ.get("LINESHAFT_INSTALLS", "5"))
UNIT = ROOT / "packaging/lineshaft.service"


def listening(pid):
    """Addresses of the TCP sockets of a process that wait for others, as /proc has them."""
    inodes = set()
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
        except OSError:
            continue
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            inodes.add(match[1])
    found = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as rows:
            for row in list(rows)[1:]:
                cells = row.split()
                if cells[3] == "0A" and cells[9] in inodes:
                    found.add(cells[1].split(":")[0])
    return found


def public_key(certificate):
    return subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True, text=True, check=True).stdout


class FreshInstallations(Scenario):
    def test_each_has_keys_and_a_code_of_its_own_and_only_loopback_is_open(self):
        seen = {"fingerprint": set(), "code": set(), "certificate": set(), "authority": set()}
        for number in range(INSTALLS):
            server = self.serve("--status-line", name=f"install-{number}")
            tls = server.directory / "tls"
            seen["fingerprint"].add(server.fingerprint)
            seen["code"].add(server.claim_code)
            for part in ("certificate", "authority"):
                seen[part].add(public_key(tls / f"{part}.pem"))
            for key in (tls / "key.pem", tls / "authority-key.pem"):
                self.assertNotIn(b"PRIVATE KEY", key.read_bytes(), "sealed")
            if os.geteuid() == 0:  # nobody else sees the descriptors of a process that cannot be dumped
                self.assertEqual(listening(server.process.pid), {"0100007F"}, "127.0.0.1 alone")
            loose = [str(path) for path in [server.directory, *server.directory.rglob("*")] if path.stat().st_mode & 0o077]
            self.assertEqual(loose, [], "everything is for its owner only")
            self.assertEqual(server.request("POST", "/session", {"email": "admin", "password": "admin"}).status, 401)
            self.assertEqual(server.stop(), 0)
            shutil.rmtree(server.directory)
        self.assertEqual({name: len(values) for name, values in seen.items()}, dict.fromkeys(seen, INSTALLS))


class Rights(Scenario):
    def test_a_running_server_makes_no_core_files_and_gains_no_rights(self):
        server = self.serve()
        with open(f"/proc/{server.process.pid}/limits") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        self.assertRegex(core, r"size\s+0\s+0\s")
        with open(f"/proc/{server.process.pid}/status") as status:
            self.assertIn("NoNewPrivs:\t1", status.read())

    @unittest.skipUnless(os.geteuid() == 0, "only root can give up root's rights")
    def test_root_serves_other_machines_only_as_somebody_else(self):
        listen = f"0.0.0.0:{free_port()}"
        refused = subprocess.run([BINARY, "serve", "--data", str(self.folder / "a"), "--listen", listen], capture_output=True,
                                 text=True, timeout=DEADLINE_S)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("--user", refused.stderr)
        data = self.folder / "b"
        data.mkdir()
        os.chmod(self.folder, 0o711)
        shutil.chown(data, "nobody")
        os.chmod(data, 0o700)
        server = self.serve("--user", "nobody", name="b")
        with open(f"/proc/{server.process.pid}/status") as status:
            text = status.read()
        nobody = subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertRegex(text, rf"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}\n")
        self.assertRegex(text, r"CapEff:\t0000000000000400\n")  # bit 10: CAP_NET_BIND_SERVICE
        server.claim()
        self.assertEqual(server.stop(), 0)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is missing")
class Unit(unittest.TestCase):
    def test_systemd_rates_the_unit_as_confined(self):
        rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT)],
                               capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(rated.returncode, 0, rated.stdout[-2000:] + rated.stderr)
        self.assertRegex(rated.stdout, r"Overall exposure level for lineshaft.service: 1\.\d ")

    def test_systemd_understands_every_line(self):
        verified = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, timeout=DEADLINE_S)
        complaints = [line for line in verified.stderr.splitlines() if "lineshaft" in line and "not executable" not in line]
        self.assertEqual(complaints, [])


class Exposure(Scenario):
    def test_the_doctor_says_what_is_reachable_and_what_to_mend(self):
        server = self.serve()
        server.claim()
        token = server.ok("POST", "/tokens", {"name": "doctor", "role": "administrator"})["token"]
        run = [BINARY, "doctor", "--exposure"]
        environment = {**server.environment, "LINESHAFT_TOKEN": token}
        seen = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertIn(f"console and API at 127.0.0.1:{server.port}, for this machine only, encrypted", seen.stdout)
        self.assertIn("the server may connect to loopback, private (outgoing.allow)", seen.stdout)
        self.assertIn("without encryption anything may go to and from loopback, private (plain.allow)", seen.stdout)
        self.assertIn("[token.endless]", seen.stdout)
        self.assertNotIn("[files.open]", seen.stdout)
        os.chmod(server.directory / "tls/key.pem", 0o644)
        seen = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(seen.returncode, 1)
        self.assertRegex(seen.stdout, r"MEND  .*key\.pem.* \[files\.open\]")


class End(Scenario):
    def test_a_server_that_is_taken_out_of_service_leaves_nothing(self):
        server = self.serve()
        server.claim()
        server.ok("POST", "/tokens", {"name": "marked gate pass", "role": "viewer"})
        data = ("--data", str(server.directory))
        server.cli("decommission", *data, "--yes", expect=4)  # it runs
        server.stop()
        server.cli("decommission", *data, expect=1, stdin="")  # nobody can be asked
        held = self.folder / "records.db"
        os.link(server.directory / "records.db", held)
        server.cli("decommission", *data, "--yes")
        self.assertFalse(server.directory.exists())
        self.assertEqual(held.read_bytes().strip(b"\0"), b"", "its bytes are still on the disk")


if __name__ == "__main__":
    unittest.main()
