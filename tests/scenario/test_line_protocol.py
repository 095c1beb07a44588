"""Samples that come by the thousand: line protocol as Telegraf sends it, and binary batches."""
import gzip
import http.client
import ssl
import struct
import unittest
from urllib.parse import quote

from harness import Scenario

START_NS = 1_700_000_000_000_000_000

# What Telegraf's inputs cpu, disk, mem, system and modbus write, one interval of each.
TELEGRAF = f"""\
cpu,cpu=cpu0,host=plc1 usage_user=1.5075376884410403,usage_idle=97.98994974874374,usage_steal=0 {START_NS}
cpu,cpu=cpu-total,host=plc1 usage_user=2,usage_idle=96.5,usage_steal=0 {START_NS}
disk,device=sda1,fstype=ext4,host=plc1,mode=rw,path=/ total=270488489984u,used_percent=12.25,inodes_free=16000000u {START_NS}
mem,host=plc1 active=1253900288i,available_percent=71.30859375 {START_NS}
system,host=plc1 uptime_format=" 6:46" {START_NS}
modbus,host=plc1,name=Line\\ 1,slave_id=1,type=holding_register running=true,temperature=21.5 {START_NS}
"""


class Bulk(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()

    def token(self, role):
        return self.server.ok("POST", "/tokens", {"name": role, "role": role})["token"]

    def post(self, path, body, headers):
        context = ssl.create_default_context(cafile=self.server.directory / "tls/certificate.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def last(self, path):
        page = self.server.get("/tags?prefix=" + quote(path))["items"]
        last = next(tag for tag in page if tag["path"] == path)["last"]
        self.assertEqual(last["time"], "2023-11-14T22:13:20Z", path)
        return last["value"]

    def test_telegraf_writes_as_it_would_to_influxdb(self):
        status, body = self.post("/api/v2/write?bucket=works/telegraf&org=any&precision=ns", gzip.compress(TELEGRAF.encode()),
                                 {"authorization": "Token " + self.token("engineer"), "content-encoding": "gzip",
                                  "content-type": "text/plain; charset=utf-8"})
        self.assertEqual((status, body), (204, ""))
        self.assertEqual(self.server.get("/tags")["total"], 14)
        root = "works/telegraf"
        self.assertEqual(self.last(f"{root}/cpu/cpu=cpu0/host=plc1/usage_user"), 1.5075376884410403)
        self.assertEqual(self.last(f"{root}/disk/device=sda1/fstype=ext4/host=plc1/mode=rw/path=%2F/total"), 270488489984)
        self.assertEqual(self.last(f"{root}/system/host=plc1/uptime_format"), " 6:46")
        self.assertIs(self.last(f"{root}/modbus/host=plc1/name=Line 1/slave_id=1/type=holding_register/running"), True)
        made = [entry for entry in self.server.get("/audit")["items"] if entry["action"] == "tag.create"]
        self.assertEqual(len(made), 1)
        self.assertIn("and 13 more", made[0]["detail"])

    def test_a_wrong_line_refuses_the_whole_text_with_its_number(self):
        headers = {"authorization": "Bearer " + self.token("engineer")}
        status, body = self.post("/write?db=works", "m f=1\nm f=oops\n", headers)
        self.assertEqual(status, 400)
        self.assertIn("line 2: ", body)
        self.assertEqual(self.server.get("/tags")["total"], 0)
        status, body = self.post("/write?precision=years", "m f=1", headers)
        self.assertEqual(status, 400)
        self.assertIn("precision", body)

    def test_only_who_may_write_history_does(self):
        status, _ = self.post("/api/v1/write", "m f=1", {"authorization": "Bearer " + self.token("operator")})
        self.assertEqual(status, 403)
        status, _ = self.post("/api/v1/write", "m f=1", {})
        self.assertEqual(status, 401)
        self.assertEqual(self.server.get("/tags")["total"], 0)

    def test_a_binary_batch_made_by_another_program_is_kept_to_the_bit(self):
        tag = self.server.ok("POST", "/tags", {"path": "works/t", "type": "float64"})["id"]
        values = [0.1, -0.0, 5e-324, 1.7976931348623157e308]
        body = b"LSB1" + struct.pack("<BBHI", 4, 0, 0, len(values)) + struct.pack("<4I", *[tag] * 4) \
            + struct.pack("<4q", *range(START_NS, START_NS + 4)) + struct.pack("<4d", *values)
        headers = {"authorization": "Bearer " + self.token("engineer"), "content-type": "application/octet-stream"}
        self.assertEqual(self.post("/api/v1/values/batch", body, headers), (200, '{"stored":4}'))
        items = self.server.get(f"/values/raw?tag={tag}&from={START_NS}&to={START_NS + 10}")["items"]
        self.assertEqual([struct.pack("<d", item["value"]) for item in items], [struct.pack("<d", v) for v in values])
        status, answer = self.post("/api/v1/values/batch", body[:-1], headers)
        self.assertEqual(status, 400)
        self.assertIn("part 0 of the batch", answer)


if __name__ == "__main__":
    unittest.main()
