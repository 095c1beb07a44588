"""Roles for a part of the plant, two persons for changes of rights, and the reasons."""
import unittest

from harness import PASSWORD, Scenario


class Duties(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()
        for path in ("nf/melt/eaf1/power", "nf/rolling/mill/speed"):
            self.server.ok("POST", "/tags", {"path": path, "type": "float64", "interpolation": "linear"})

    def person(self, name, *grants):
        made = self.server.ok("POST", "/users", {"name": name, "email": f"{name}@example.com", "password": PASSWORD,
                                                 "grants": [{"role": role, "place": place} for role, place in grants]})
        return made["id"]

    def test_a_token_of_the_melt_shop_sees_the_melt_shop(self):
        cli = self.server.cli
        secret = cli("token", "add", "screen", "--grant", "viewer@nf/melt").strip()
        self.assertIn("viewer@nf/melt", cli("token", "ls"))
        listed = cli("tag", "ls", environment={"LINESHAFT_TOKEN": secret})
        self.assertIn("power", listed)
        self.assertNotIn("speed", listed)

    def test_the_command_line_grants_and_says_why(self):
        bo = self.person("bo", ("viewer", "*"))
        self.server.cli("access", "grant", str(bo), "--grant", "operator@nf/rolling")
        self.assertIn("operator@nf/rolling", self.server.cli("user", "ls"))
        why = self.server.cli("access", "why", "--user", str(bo), "--permission", "tag.write", "--path", "nf/melt")
        self.assertIn("engineer", why)
        self.assertIn("true", self.server.cli("access", "why", "--user", str(bo), "--path", "nf/rolling/mill"))
        self.assertIn("administrator", self.server.cli("access", "roles"))

    def test_an_auditor_reviews_rights_and_changes_none(self):
        bo = self.person("bo", ("operator", "nf/melt"))
        cli = self.server.cli
        auditor = {"LINESHAFT_TOKEN": cli("token", "add", "review", "--role", "auditor").strip()}
        self.assertIn("operator@nf/melt", cli("user", "ls", environment=auditor))
        self.assertIn("review", cli("token", "ls", environment=auditor))
        self.assertIn("operator@nf/melt", cli("access", "why", "--permission", "tag.write", "--path", "nf/melt/eaf1", environment=auditor))
        for change in (("access", "grant", str(bo), "--grant", "viewer"), ("access", "policy", "--separate-auditor", "off"),
                       ("user", "rm", str(bo)), ("token", "rm", "1")):
            cli(*change, expect=5, environment=auditor)
        self.assertIn("operator@nf/melt", cli("user", "ls"))

    def test_an_administrator_is_made_by_two(self):
        self.person("sue", ("security", "*"))
        bo = self.person("bo", ("viewer", "*"))
        self.server.cli("access", "policy", "--two-persons", "on")
        asked = self.server.request("PUT", f"/users/{bo}/grants", {"role": "administrator"})
        self.assertEqual(asked.status, 202)
        number = asked.json["waits"]["id"]
        own = self.server.request("POST", f"/access/requests/{number}/approve", {})
        self.assertEqual((own.status, own.json["id"]), (409, "LS-1003"))
        self.assertEqual(self.server.get("/access/requests")["total"], 1)
        self.server.cli("access", "drop", str(number))
        self.assertEqual(self.server.get("/access/requests")["total"], 0)


if __name__ == "__main__":
    unittest.main()
