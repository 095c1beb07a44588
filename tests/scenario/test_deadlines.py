"""Deadlines of the register from the command line, and the register from and to files."""
import base64
import datetime
import json
import subprocess

from harness import BINARY, ROOT, Scenario, until

# An invention whose registration and every annual fee lie ahead: filed today, granted today.
HEAD = "kind,office,application_number,filed,granted,titles,applicants\n"


class Deadlines(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()
        self.today = datetime.date.today().isoformat()

    def rows(self, *arguments):
        return json.loads(self.server.cli(*arguments, "-o", "json"))

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def failing(self, *arguments):
        done = subprocess.run([BINARY, *arguments], env=self.server.environment, capture_output=True, text=True, timeout=120)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def test_a_whole_life_costs_what_the_published_table_says(self):
        self.server.cli("asset", "import", self.file("one.csv", HEAD + f"patent,CN,1.0,{self.today},{self.today},Mould,\n"))
        # The fee of the first year was paid with the registration: 82,300 - 900. The application fee and the printing of the
        # publication are due in two months: 900 + 50.
        costs = self.rows("deadline", "costs", "--to", "2100-01-01")
        self.assertEqual(costs["sums"], [{"amount": "82350.00", "currency": "CNY"}])
        self.assertEqual((costs["deadlines"], costs["incomplete"]), (20, 0))
        due = [row for row in self.rows("deadline", "ls", "--asset", "CN-1.0") if row["rule"] == "annual-fee"]
        self.assertEqual([row["number"] for row in due], list(range(2, 21)))
        self.server.cli("deadline", "done", "CN-1.0", "annual-fee", "--on", self.today, "--note", "early")
        self.assertEqual(self.rows("deadline", "costs", "--to", "2100-01-01")["sums"][0]["amount"], "81450.00")
        events = self.rows("asset", "show", "CN-1.0")["events"]
        self.assertEqual((events[-1]["kind"], events[-1]["number"], events[-1]["note"]), ("renewed", 2, "early"))

    def test_a_file_with_a_mistake_is_refused_whole_with_its_line(self):
        bad = self.file("bad.csv", HEAD + "patent,CN,1.0,2020-01-02,,Mould,\npatent,CN,2.0,2020-02-30,,Other,\n")
        said = self.failing("asset", "import", bad)
        self.assertIn("line 3", said)
        self.assertIn("nothing was kept", said)
        self.assertIn("line 2: <date>", self.failing("asset", "import", self.file("bad.xml", """<x><bibliographic-data>
            <publication-reference><document-id><country>CN</country><doc-number>1</doc-number><date>20231301</date></document-id></publication-reference>
            </bibliographic-data></x>""")))
        self.assertEqual(self.rows("asset", "list"), [])

    def test_the_consortium_of_the_demo_has_the_deadlines_that_it_should_have(self):
        demo = json.loads((ROOT / "examples/consortium/rights.json").read_text())
        self.server.stop()
        folder = self.folder / "provision"
        folder.mkdir()
        (folder / "rights.json").write_text(json.dumps(demo))
        server = self.serve("--provision", str(folder), name="demo")
        server.claim()
        self.server = server
        server.cli_login()
        until((server.directory / "provisioned").exists, "the whole register")
        rows = self.rows("deadline", "ls", "--to", "2026-06-01")
        self.assertEqual([row for row in rows if row["state"] == "missed"], [], "nothing of the demo was missed when it was made")
        annual = {row["asset"]: (row["number"], row["due"]) for row in reversed(self.rows("deadline", "ls", "--to", "2027-12-01"))
                  if row["rule"] in ("annual-fee", "renewal")}
        self.assertEqual(annual, {
            "thick-magnet-cn": (7, "2026-11-17"), "thick-magnet-cn-2": (7, "2026-11-17"),  # a division of it
            "soft-gripper-cn": (6, "2027-03-03"), "heat-balance-cn": (7, "2027-04-12"), "heat-balance-ep": (6, "2027-04-30"),
            "electrode-tip-cn": (5, "2027-05-17"), "cobot-arm-design": (6, "2027-06-08")})
        soon = datetime.date.today() + datetime.timedelta(days=30)
        late = [row for row in self.rows("deadline", "ls", "--to", str(soon)) if row["state"] in ("overdue", "missed")]
        reminded = [item["count"] for item in server.get("/overview")["attention"] if item.get("word") == "deadlines_overdue"]
        self.assertEqual(reminded, [len(late)] if late else [], "the overview reminds of what is late")

    def test_the_register_goes_out_as_it_came_in(self):
        self.server.cli("party", "put", "-", stdin=json.dumps({"id": "firm", "kind": "organisation", "name": "Firm"}))
        self.server.cli("asset", "import", self.file("in.csv", HEAD + "patent,CN,1.0,2020-01-02,2022-03-04,\"Mould, long\",Firm\n"
                                                     "design,CN,3.0,2021-01-04,2021-09-06,Arm,Firm\ntrade_mark,CN,77,2019-05-06,2020-02-03,CAST,Firm\n"))
        for form in ("csv", "st96"):
            out = self.folder / f"out.{form}"
            self.server.cli("asset", "export", "--format", form, "--file", str(out))
            self.server.cli("asset", "import", str(out), "--dry-run")
            self.assertEqual(self.rows("asset", "import", str(out)), [], out.read_text())
        self.assertEqual(self.server.cli("asset", "export", "--kind", "design").count("\n"), 2)

    def test_a_calendar_reads_the_feed_with_a_token_as_its_password(self):
        self.server.cli("asset", "import", self.file("one.csv", HEAD + f"patent,CN,1.0,{self.today},{self.today},Mould,\n"))
        token = self.server.ok("POST", "/tokens", {"name": "calendar", "role": "administrator"})["token"]
        stranger = self.server.cookie
        self.server.cookie = None
        asked = self.server.request("GET", "/deadlines.ics")
        self.assertEqual(asked.status, 401)
        self.assertTrue(asked.headers["www-authenticate"].startswith("Basic "))
        basic = {"authorization": "Basic " + base64.b64encode(f"calendar:{token}".encode()).decode()}
        feed = self.server.request("GET", "/deadlines.ics?lang=zh", headers=basic)
        self.assertEqual((feed.status, feed.headers["content-type"]), (200, "text/calendar; charset=utf-8"))
        self.assertIn("SUMMARY:CN-1.0: 缴纳年费 (2)\r\n", feed.body.decode())
        self.assertEqual(self.server.request("GET", "/deadlines", headers=basic).status, 401)
        self.server.cookie = stranger
        self.assertIn("BEGIN:VEVENT", self.server.cli("deadline", "feed"))


if __name__ == "__main__":
    import unittest

    unittest.main()
