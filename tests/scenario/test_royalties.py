"""The consortium's royalties on the demo plant's metered production: from a preview to the last cent, also through a SIGKILL."""
import datetime
import json
import shutil
import subprocess
import threading
import unittest
from decimal import Decimal

from harness import BINARY, PASSWORD, ROOT, Scenario, free_ports, until

MACHINES = 20


class Royalties(Scenario):
    """A server in front of the demo plant's history of the last whole month, with the consortium's licences, plans and meters."""

    def setUp(self):
        super().setUp()
        provision = self.folder / "provision"
        provision.mkdir()
        today = datetime.datetime.now(datetime.timezone.utc).date()
        first = (today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
        self.month = first.strftime("%Y-%m")
        plant = [BINARY, "sim", "plant", "--port", str(free_ports(MACHINES))]
        (provision / "connections.json").write_text(subprocess.run([*plant, "--print-connections"], capture_output=True, text=True,
                                                                   check=True).stdout)
        days = str((today - first).days + 2)
        subprocess.run([*plant, "--backfill-csv", str(provision), "--days", days], check=True, capture_output=True)
        for name in ("rights.json", "royalties.json"):
            shutil.copy(ROOT / "examples/consortium" / name, provision)
        self.server = self.serve("--provision", str(provision))
        self.server.claim()
        until((self.server.directory / "provisioned").exists, "the history and the licences", 120)
        self.server.ok("POST", "/users", {"email": "ben@example.com", "name": "Ben", "role": "administrator", "password": PASSWORD})

    def login(self, email):
        self.server.cli("login", "--email", email, environment={"LINESHAFT_PASSWORD": PASSWORD})

    def rows(self, *arguments):
        return json.loads(self.server.cli(*arguments, "-o", "json"))

    def approve(self):
        digest = self.rows("royalty", "run", "show", self.month)["digest"]
        for email in ("ann@example.com", "ben@example.com"):
            self.login(email)
            self.server.cli("royalty", "run", "approve", self.month, digest)

    def balances(self):
        return {account["name"]: Decimal(account["balance"]) for account in self.server.get("/ledger/accounts?limit=1000")["items"]}

    def test_a_month_is_previewed_approved_by_two_posted_paid_and_proved(self):
        self.login("ann@example.com")
        run = self.rows("royalty", "run", "show", self.month)
        self.assertEqual([meter["gaps"] for meter in run["meters"]], [[], []])
        steel = next(meter for meter in run["meters"] if meter["kind"] == "counter" and "steel" in meter["tag"])
        # The counter itself, read back through another way: last value before the month's end less that before its beginning.
        tag = self.server.tag(steel["tag"])

        def counter(before):
            samples = self.server.get(f"/values/raw?tag={tag['id']}&from=2000-01-01T00:00:00Z&to={before}T00:00:00Z&limit=100000")["items"]
            return Decimal(str(samples[-1]["value"]))

        self.assertEqual(Decimal(steel["quantity"]), counter(run["to"]) - counter(run["from"]))
        # 0.35 for each of the first 2,000,000 tonnes, rounded down once.
        licence = next(one for one in run["statement"]["licences"] if one["licence"] == steel["licence"])
        self.assertEqual(Decimal(licence["royalty_due"]), (Decimal(steel["quantity"]) * Decimal("0.35")).quantize(Decimal("0.01"), "ROUND_FLOOR"))

        self.approve()
        self.server.cli("royalty", "run", "post", self.month)
        owed = self.balances()
        self.assertEqual(sum(owed.values()), 0)
        payable = {name: -balance for name, balance in owed.items() if "/payable/" in name}
        self.assertEqual(payable, {f"{payout['payee']}/payable/CNY": Decimal(payout["amount"]) for payout in run["statement"]["payouts"]})
        centres = {party["id"] for party in self.rows("party", "list", "--kind", "centre")}
        self.assertTrue(all(payable[f"{centre}/payable/CNY"] > 0 for centre in centres), "all three centres are paid")

        firm = owed["northfield-steel/receivable/CNY"]
        day = datetime.date.today().isoformat()
        self.server.cli("royalty", "pay", "in", "received", "northfield-steel", str(firm), "CNY", "--on", day)
        for name, amount in payable.items():
            party = name.split("/")[0]
            self.server.cli("royalty", "pay", f"out-{party}", "paid", party, str(amount), "CNY", "--on", day)
        paid = self.balances()
        self.assertEqual({name for name, balance in paid.items() if "/payable/" in name and balance != 0}, set(), "paid to the cent")
        self.assertEqual(sum(paid.values()), 0)

        statement = self.rows("statement", "show", self.month, "qinling-am")
        self.assertEqual(statement["journal"], self.rows("royalty", "run", "show", self.month)["journal"])
        self.assertEqual(len(statement["lines"][0]["evidence"]), 64)
        export = self.folder / "ledger.export"
        export.write_bytes(self.server.request("GET", "/ledger/export").body)
        done = subprocess.run([BINARY, "ledger", "verify", str(export)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        tampered = bytearray(export.read_bytes())
        tampered[len(tampered) // 2] ^= 1
        export.write_bytes(tampered)
        self.assertEqual(subprocess.run([BINARY, "ledger", "verify", str(export)], capture_output=True, check=False).returncode, 7)

    def test_killed_while_it_is_posted_it_is_posted_once_or_not_at_all(self):
        self.login("ann@example.com")
        self.approve()
        for _ in range(5):
            def post():
                try:
                    self.server.request("POST", f"/royalty/runs/{self.month}/post", {})
                except OSError:
                    pass  # the server was killed before it could answer

            poster = threading.Thread(target=post)
            poster.start()
            self.server.kill()
            poster.join()
            self.server.start()
            self.server.sign_in()
            run = self.server.get(f"/royalty/runs/{self.month}")
            self.assertIn(run["state"], ("approved", "posted"))
            self.assertEqual(run["journal"] is not None, run["state"] == "posted")
            self.assertEqual(sum(self.balances().values()), 0, "nothing half posted")
        self.server.ok("POST", f"/royalty/runs/{self.month}/post", {})
        payable = {name: -balance for name, balance in self.balances().items() if "/payable/" in name}
        payouts = self.server.get(f"/royalty/runs/{self.month}")["statement"]["payouts"]
        self.assertEqual(payable, {f"{payout['payee']}/payable/CNY": Decimal(payout["amount"]) for payout in payouts}, "once")


if __name__ == "__main__":
    unittest.main()
