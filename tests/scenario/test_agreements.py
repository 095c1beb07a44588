"""A joint project of a centre and two firms: from the invitation to signatures that openssl checks and shares that wait for consent."""
import hashlib
import json
import os
import stat
import subprocess
import unittest

from harness import BINARY, PASSWORD, ROOT, Scenario, until

PREFIX = "lineshaft agreement signature v1 for "


class Agreements(Scenario):
    PARTIES = ("hub", "firm", "mill")

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()
        self.people = {}
        for party in (*self.PARTIES, "stranger"):
            self.server.cli("party", "put", "-", stdin=json.dumps(
                {"id": party, "kind": "centre" if party == "hub" else "organisation", "name": party.capitalize()}))
            user = self.server.ok("POST", "/users", {"name": party, "email": f"{party}@example.com", "role": "viewer", "password": PASSWORD})
            self.server.ok("PUT", f"/users/{user['id']}/party", {"party": party})
            # Each person has a command line of their own.
            home = self.folder / party
            home.mkdir()
            self.people[party] = {**self.server.environment, "XDG_CONFIG_HOME": str(home), "HOME": str(home)}
            self.people[party]["LINESHAFT_PASSWORD"] = PASSWORD
            self.run_as(party, "login", "--email", f"{party}@example.com")

    def run_as(self, party, *arguments, expect=0, stdin=None):
        done = subprocess.run([BINARY, *arguments], env=self.people[party], input=stdin, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, expect, f"{party}: {arguments}\n{done.stdout}\n{done.stderr}")
        return done.stderr if expect else done.stdout

    def said(self, party, *arguments, **more):
        return json.loads(self.run_as(party, *arguments, "-o", "json", **more))

    def start_project(self):
        self.said("hub", "project", "put", "-", stdin=json.dumps(
            {"id": "casting", "title": "Casting without cracks", "lead": "hub", "from": "2026-01-01", "parties": list(self.PARTIES)}))
        for party in ("firm", "mill"):
            self.run_as(party, "project", "accept", "casting")

    def draft(self, version=0, **more):
        return json.dumps({"id": "a-1", "version": version, "project": "casting", "title": "Results", "model": "joint", "from": "2026-01-01",
                           "sides": [{"party": "hub", "weight": 60}, {"party": "firm", "weight": 25}, {"party": "mill", "weight": 15}],
                           "terms": {"results": {"owner": "joint"}, "consent": {"rule": "majority", "more_than": "2/3"}}, **more})

    def key_of(self, party):
        path = self.folder / f"{party}.key"
        if not path.exists():
            self.run_as(party, "key", "make", str(path))
            self.run_as(party, "key", "register", str(path), "--label", "laptop")
        return str(path)

    def bring_into_force(self):
        digest = self.said("hub", "agreement", "show", "a-1")["digest"]
        for party in self.PARTIES:
            self.run_as(party, "agreement", "approve", "a-1", "--digest", digest)
        for party in self.PARTIES:
            self.run_as(party, "agreement", "sign", "a-1", "--key", self.key_of(party), "--digest", digest)

    def test_every_side_signs_and_openssl_checks_each_signature(self):
        self.start_project()
        self.said("hub", "agreement", "put", "-", stdin=self.draft())
        text = self.run_as("firm", "agreement", "text", "a-1")
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.assertEqual(self.said("firm", "agreement", "show", "a-1")["digest"], digest)
        self.assertEqual(json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False), text, "RFC 8785, as Python sees it")

        self.run_as("firm", "agreement", "approve", "a-1", "--digest", digest)
        early = self.run_as("firm", "agreement", "sign", "a-1", "--key", self.key_of("firm"), "--digest", digest, expect=4)
        self.assertIn("'hub' has not approved version 1", early)
        mode = stat.S_IMODE(os.stat(self.folder / "firm.key").st_mode)
        self.assertEqual(mode, 0o600)
        self.run_as("firm", "key", "make", str(self.folder / "firm.key"), expect=4)
        self.bring_into_force()
        self.assertIsNotNone(self.said("mill", "agreement", "show", "a-1")["in_force"])

        out = self.folder / "export"
        self.run_as("mill", "agreement", "export", "a-1", str(out))
        self.assertEqual((out / "agreement.json").read_text(), text)
        for party in self.PARTIES:
            self.assertEqual((out / f"{party}.message").read_text(), PREFIX + party + "\n" + text)
            self.assertEqual(self.openssl(out, party, f"{party}.message").returncode, 0)
            (out / "changed").write_text((out / f"{party}.message").read_text().replace('"weight":60', '"weight":61'))
            self.assertNotEqual(self.openssl(out, party, "changed").returncode, 0)
            made = subprocess.run(["openssl", "pkey", "-in", str(self.folder / f"{party}.key"), "-pubout"], capture_output=True, text=True, check=True)
            self.assertEqual(made.stdout, (out / f"{party}.pem").read_text(), "openssl reads the private key that was made")
        self.assertNotEqual(self.openssl(out, "firm", "mill.message").returncode, 0)

    def openssl(self, folder, party, message):
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", f"{party}.pem", "-sigfile", f"{party}.sig", "-in", message],
                              cwd=folder, capture_output=True, text=True)

    def test_a_document_is_checked_without_a_server(self):
        self.start_project()
        self.said("hub", "agreement", "put", "-", stdin=self.draft())
        self.bring_into_force()
        out = self.folder / "export"
        self.run_as("hub", "agreement", "export", "a-1", str(out))
        self.server.stop()
        document = out / "document.json"
        self.assertIn("hub, firm, mill", self.run_as("hub", "agreement", "verify", str(document)))
        whole = document.read_text()
        for change in (whole.replace('\\"weight\\":60', '\\"weight\\":61'), whole.replace('"key":"', '"key":"0', 1), whole[:-1], whole + "\n", whole.replace('"party":"mill"', '"party":"firm"')):
            self.assertNotEqual(change, whole)
            document.write_text(change)
            self.run_as("hub", "agreement", "verify", str(document), expect=7)

    def test_versions_are_compared_and_others_see_nothing(self):
        self.start_project()
        self.said("hub", "agreement", "put", "-", stdin=self.draft())
        self.said("firm", "agreement", "put", "-", stdin=self.draft(1, clauses=[{"id": "trials", "title": "Trials", "text": "By day."}]))
        changes = {row["clause"]: row["change"] for row in self.said("mill", "agreement", "compare", "a-1", "--from", "1", "--to", "2")}
        self.assertEqual(changes["trials"], "added")
        self.assertEqual({change for clause, change in changes.items() if clause != "trials"}, {"same"})
        self.assertIn("with version 2", self.run_as("mill", "agreement", "put", "-", stdin=self.draft(1), expect=4))
        for command in (("agreement", "show", "a-1"), ("agreement", "text", "a-1"), ("agreement", "shares", "a-1"), ("project", "show", "casting")):
            self.run_as("stranger", *command, expect=3)
        self.assertEqual(self.said("stranger", "project", "list"), [])
        self.assertEqual(self.said("stranger", "agreement", "list"), [])
        self.run_as("stranger", "project", "accept", "casting", expect=3)

    def test_a_change_of_shares_waits_for_those_whom_the_agreement_names(self):
        self.start_project()
        self.server.cli("asset", "put", "-", stdin=json.dumps({"id": "p-1", "kind": "patent", "title": "Nozzle"}))
        self.server.cli("asset", "own", "p-1", "hub=60", "firm=25", "mill=15", "--from", "2026-02-01", "--basis", "a-1")
        self.said("hub", "project", "enter", "casting", "-", stdin=json.dumps({"kind": "result", "party": "hub", "asset": "p-1"}))
        self.said("hub", "agreement", "put", "-", stdin=self.draft())
        self.bring_into_force()
        sell = ("asset", "own", "p-1", "hub=60", "firm=40", "--from", "2026-06-01", "--basis", "sale")

        def refused():
            done = subprocess.run([BINARY, *sell], env=self.server.environment, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 4, done.stderr)
            return done.stderr

        self.assertIn("Not consented: 'firm', 'hub', 'mill'", refused())
        change = self.said("mill", "agreement", "propose", "a-1", "p-1", "hub=60", "firm=40", "--from", "2026-06-01")
        self.run_as("firm", "agreement", "consent", "a-1", "1", "--digest", change["digest"])
        self.assertIn("'hub', 'mill' have not consented", refused())
        self.assertIn("60", self.run_as("hub", "agreement", "consent", "a-1", "1", "--digest", change["digest"]))
        self.server.cli(*sell)
        owners = self.server.get("/rights/assets/p-1/ownership")["items"][-1]["shares"]
        self.assertEqual(owners, [{"party": "firm", "weight": 40}, {"party": "hub", "weight": 60}])


class Cooperation(Scenario):
    def test_the_cooperation_of_the_demo_comes_once_and_in_whole(self):
        folder = self.folder / "provision"
        folder.mkdir()
        for name in ("rights.json", "cooperation.json"):
            (folder / name).write_text((ROOT / "examples/consortium" / name).read_text())
        server = self.serve("--provision", str(folder))
        server.claim()
        for again in (False, True):
            if again:
                server.stop()
                (server.directory / "provisioned").unlink()
                server.start()
                server.sign_in()
            until((server.directory / "provisioned").exists, "the provision")
            self.assertEqual(server.get("/projects")["total"], 3)
            project = server.get("/projects/electrode-control")
            self.assertEqual({one["answer"] for one in project["answers"]}, {"accepted"})
            self.assertEqual(len(project["entries"]), 8)
            self.assertEqual([one["version"] for one in server.get("/agreements/HH-2023-02/versions")["items"]], [1, 2])
            self.assertEqual(server.get("/agreements")["total"], 2)


if __name__ == "__main__":
    unittest.main()
