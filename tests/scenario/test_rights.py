"""The register of intellectual property from the command line, and filled from a folder at the first start."""
import json
import shutil
import subprocess
import unittest

from harness import BINARY, PASSWORD, ROOT, Scenario, until

CONSORTIUM = ROOT / "examples/consortium"


class Rights(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()

    def run_cli(self, *arguments, stdin=None):
        return subprocess.run([BINARY, *arguments], env=self.server.environment, input=stdin, capture_output=True, text=True,
                              timeout=120)

    def put(self, noun, *things):
        return json.loads(self.server.cli(noun, "put", "-", "-o", "json", stdin=json.dumps(things)))

    def rows(self, *arguments):
        return json.loads(self.server.cli(*arguments, "-o", "json"))

    def test_an_asset_from_its_entry_to_a_corrected_share(self):
        self.put("party", {"id": "centre", "kind": "centre", "name": "Centre"}, {"id": "firm", "kind": "organisation", "name": "Firm"})
        made = self.put("asset", {"id": "p-1", "kind": "patent", "title": "Nozzle", "office": "CN", "number": "N 1"})
        self.assertEqual((made[0]["status"], made[0]["version"]), ("draft", 1))
        self.server.cli("asset", "event", "p-1", "filed", "2024-03-01", "--note", "by post")
        self.server.cli("asset", "own", "p-1", "centre=1", "firm=2", "--from", "2024-03-01", "--basis", "agreement 7")
        self.server.cli("asset", "own", "p-1", "centre=60", "firm=40", "--of", "100", "--from", "2024-03-01", "--basis", "as signed",
                        "--corrects", "1")
        self.assertIn("centre 60, firm 40", self.server.cli("asset", "list", "nozz"))
        shown = self.rows("asset", "show", "p-1")
        self.assertEqual(shown["status"], "pending")
        self.assertEqual([entry["corrects"] for entry in shown["ownership"]], [0, 1])
        self.assertEqual(shown["events"][0]["note"], "by post")
        table = self.server.cli("asset", "show", "p-1")
        for words in ("Nozzle", "by post", "centre 1, firm 2", "centre 60, firm 40", "ann@example.com"):
            self.assertIn(words, table)
        self.assertEqual(self.rows("asset", "list", "--on", "2024-02-29")[0]["owners"], [])
        self.assertEqual(self.rows("asset", "list", "--owner", "firm")[0]["id"], "p-1")
        self.assertEqual(self.rows("asset", "list", "--status", "in_force"), [])

    def test_what_is_refused_says_why_and_changes_nothing(self):
        self.put("party", {"id": "a", "kind": "person", "name": "A"}, {"id": "b", "kind": "person", "name": "B"})
        self.put("asset", {"id": "p-1", "kind": "software", "title": "T"})
        own = ("asset", "own", "p-1", "--from", "2024-01-01", "--basis", "x")
        for code, words, command in (
                (1, "they add up to 95, not to 100", (*own, "a=60", "b=35", "--of", "100")),
                (2, "'a:60' is no share", (*own, "a:60")),
                (2, "'a=-1' is no share", (*own, "a=-1")),
                (2, "'a=99999999999' is no share", (*own, "a=99999999999")),
                (3, "there is no party 'c'", (*own, "c=1")),
                (1, "has not come yet", ("asset", "event", "p-1", "created", "9999-12-31")),
                (1, "there are", ("asset", "event", "p-1", "invented", "2024-01-01")),
                (3, "there is no asset 'p-2'", ("asset", "show", "p-2")),
                (1, "is no kind of asset", ("asset", "list", "--kind", "song"))):
            done = self.run_cli(*command)
            self.assertEqual((done.returncode, done.stdout), (code, ""), f"{command}: {done.stderr}")
            self.assertIn(words, done.stderr)
        taken = self.run_cli("asset", "put", "-", stdin=json.dumps({"id": "p-1", "kind": "software", "title": "Other"}))
        self.assertEqual(taken.returncode, 4, taken.stderr)
        shown = self.rows("asset", "show", "p-1")
        self.assertEqual((shown["title"], shown["events"], shown["ownership"]), ("T", [], []))

    def test_members_join_and_leave(self):
        self.put("party", {"id": "hub", "kind": "centre", "name": "Hub"}, {"id": "firm", "kind": "organisation", "name": "Firm"})
        self.server.cli("party", "join", "firm", "hub", "--from", "2024-01-01", "--tier", "founder")
        self.assertIn("hub (founder)", self.server.cli("party", "list", "--kind", "organisation"))
        self.assertEqual(self.run_cli("party", "join", "firm", "hub", "--from", "2025-01-01").returncode, 4)
        self.server.cli("party", "leave", "firm", "hub", "--on", "2026-01-01")
        self.assertNotIn("hub", self.server.cli("party", "list", "--kind", "organisation"))
        self.assertEqual(self.run_cli("party", "leave", "firm", "hub", "--on", "2026-01-01").returncode, 3)
        membership, = self.server.get("/rights/memberships")["items"]
        self.assertEqual((membership["from"], membership["to"]), ("2024-01-01", "2026-01-01"))

    def test_each_account_is_told_which_part_it_sees(self):
        self.put("party", {"id": "firm", "kind": "organisation", "name": "Firm"})
        bo = self.server.ok("POST", "/users", {"name": "Bo", "email": "bo@example.com", "role": "viewer", "password": PASSWORD})
        self.assertEqual(self.server.get("/rights/view"), {"all": True, "party": "", "speaks_for": ""})
        self.assertEqual(self.server.get("/rights/speakers"), {"items": [], "total": 0, "parties": []})

        def seen_by_bo(path="/rights/view"):
            before = self.server.cookie, self.server.csrf
            self.server.cookie = None
            self.server.keep_session(self.server.request("POST", "/session", {"email": "bo@example.com", "password": PASSWORD}))
            answer = self.server.request("GET", path)
            self.server.cookie, self.server.csrf = before
            return answer

        self.assertEqual(seen_by_bo().json, {"all": False, "party": "", "speaks_for": ""})
        self.server.ok("PUT", f"/users/{bo['id']}/party", {"party": "firm"})
        self.assertEqual(seen_by_bo().json, {"all": False, "party": "firm", "speaks_for": "firm"})
        self.assertEqual(self.server.get("/rights/speakers")["items"], [{"user": bo["id"], "party": "firm"}])
        self.assertEqual(seen_by_bo("/rights/speakers").status, 403)
        self.server.ok("PUT", f"/users/{bo['id']}/party", {"party": ""})
        self.assertEqual(self.server.get("/rights/speakers")["total"], 0)
        self.assertEqual(seen_by_bo().json, {"all": False, "party": "", "speaks_for": ""})


class Provision(Scenario):
    def provision(self, change=None):
        folder = self.folder / "provision"
        folder.mkdir(exist_ok=True)
        shutil.copy(CONSORTIUM / "rights.json", folder)
        if change:
            rights = json.loads((folder / "rights.json").read_text())
            change(rights)
            (folder / "rights.json").write_text(json.dumps(rights))
        return self.serve("--provision", str(folder))

    def done(self, server):
        until((server.directory / "provisioned").exists, "the provision")

    def test_the_consortium_of_the_demo_is_whole_and_comes_once(self):
        server = self.provision()
        server.claim()
        self.done(server)
        assets = server.get("/rights/assets")["items"]
        self.assertEqual(len(assets), 20)
        self.assertEqual({asset["kind"] for asset in assets},
                         {"patent", "utility_model", "design", "trade_mark", "software", "data_set", "know_how"})
        self.assertEqual({asset["status"] for asset in assets}, {"pending", "in_force", "ended"})
        parties = server.get("/rights/parties")["items"]
        kinds = [party["kind"] for party in parties]
        self.assertEqual((kinds.count("centre"), kinds.count("organisation"), kinds.count("person")), (3, 6, 5))
        for asset in assets:
            self.assertTrue(asset["owners"], asset["id"])
            entries = server.get(f"/rights/assets/{asset['id']}/ownership")["items"]
            events = server.get(f"/rights/assets/{asset['id']}/events")["items"]
            self.assertTrue(events and entries, asset["id"])
            self.assertEqual({entry["recorded_by"] for entry in events + entries}, {"provision"})
            self.assertLessEqual(min(event["date"] for event in events), entries[0]["from"], "no owner before the asset")
        owners = {asset["id"]: {share["party"]: share["weight"] for share in asset["owners"]} for asset in assets}
        self.assertEqual(owners["electrode-tip-cn"], {"hunhe-robotics": 45, "liaoxi-furnaces": 30, "northfield-steel": 25})
        before = server.get("/rights/assets?on=2025-12-31&search=electrode-tip-cn")["items"][0]["owners"]
        self.assertEqual({share["party"]: share["weight"] for share in before},
                         {"hunhe-robotics": 50, "liaoxi-furnaces": 30, "northfield-steel": 20})

        # What a person changed stays, also when an interrupted provision is done again.
        party = next(party for party in parties if party["id"] == "northfield-steel")
        server.ok("PUT", "/rights/parties", {**party, "name": "Northfield Steel plc"})
        for again in (False, True):
            server.stop()
            if again:
                (server.directory / "provisioned").unlink()
            server.start()
            self.done(server)
            server.sign_in()
            self.assertEqual(server.get("/rights/parties/northfield-steel")["name"], "Northfield Steel plc")
            self.assertEqual(len(server.get("/rights/assets/heat-balance-cn/ownership")["items"]), 4)
            self.assertEqual(len(server.get("/rights/assets/heat-balance-cn/events")["items"]), 7)
            self.assertEqual(len(server.get("/rights/memberships")["items"]), 14)

    def test_the_example_of_the_reference_is_taken(self):
        page = (ROOT / "docs/reference/rights.md").read_text()
        (self.folder / "example").mkdir()
        (self.folder / "example/rights.json").write_text(page[page.index('    {"parties"'):page.index("What is there already")])
        server = self.serve("--provision", str(self.folder / "example"))
        server.claim()
        self.done(server)
        asset = server.get("/rights/assets/p-1")
        self.assertEqual((asset["status"], asset["owners"]), ("pending", [{"party": "firm", "weight": 1}]))

    def test_a_file_that_is_wrong_is_named_with_the_place(self):
        def one_share_less(rights):
            rights["assets"][0]["ownership"][0]["shares"][0]["weight"] = 99

        server = self.provision(one_share_less)
        until(lambda: "LS-1701" in server.output(), "the word about it")
        self.assertIn("rights.json: assets[0]: ownership[0]: shares: they add up to 99, not to 100", server.output())
        self.assertFalse((server.directory / "provisioned").exists())


if __name__ == "__main__":
    unittest.main()
