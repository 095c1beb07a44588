#!/usr/bin/env python3
"""Our calendar feed, read by the `icalendar` package of the Python world.

Run: docket_interop.py PATH/TO/docket_feed
"""
import datetime
import subprocess
import sys
import unittest

try:
    import icalendar
except ImportError:
    icalendar = None

PROGRAM = sys.argv.pop() if len(sys.argv) > 1 else "build/dev/tests/interop/docket_feed"


@unittest.skipIf(icalendar is None, "the icalendar package is not installed (tools/setup test)")
class Feed(unittest.TestCase):
    def setUp(self):
        self.text = subprocess.run([PROGRAM], stdout=subprocess.PIPE, check=True).stdout
        self.calendar = icalendar.Calendar.from_ical(self.text)
        self.events = {str(event["UID"]): event for event in self.calendar.walk("VEVENT")}

    def test_it_is_a_calendar_without_a_complaint(self):
        self.assertEqual(self.calendar.errors, [])
        # The package knows no type for this one and leaves it as it stands; by RFC 7986 it is a text.
        self.assertEqual(str(self.calendar["NAME"]).replace("\\,", ","), '期限, "docket"')
        for event in self.calendar.walk("VEVENT"):
            self.assertEqual(event.errors, [])
            self.assertEqual(event.decoded("DTSTAMP"),
                             datetime.datetime(2026, 11, 26, 8, tzinfo=datetime.timezone.utc))

    def test_every_deadline_is_a_day_of_its_own(self):
        self.assertEqual(len(self.events), len(self.calendar.walk("VEVENT")))
        for event in self.events.values():
            self.assertIs(type(event.decoded("DTSTART")), datetime.date)
        fee = self.events["连铸, 结晶器; a\\b.cn-patent.annual-fee.7.20200310@example.com"]
        self.assertEqual(fee.decoded("DTSTART"), datetime.date(2026, 3, 10))
        entry = self.events["WO-1.pct.entry-cn..20250831@example.com"]
        self.assertEqual(entry.decoded("DTSTART"), datetime.date(2028, 2, 29))

    def test_texts_come_back_whole(self):
        fee = self.events["连铸, 结晶器; a\\b.cn-patent.annual-fee.7.20200310@example.com"]
        self.assertEqual(str(fee["SUMMARY"]), "连铸, 结晶器; a\\b: 缴纳年费 (7)")
        self.assertTrue(str(fee["DESCRIPTION"]).startswith("费用：2000.00 CNY\n宽限期至 2026-09-10\nPatent Law, Article 43;"),
                        fee["DESCRIPTION"])

    def test_alarms_ring_days_before(self):
        fee = self.events["连铸, 结晶器; a\\b.cn-patent.annual-fee.7.20200310@example.com"]
        self.assertEqual([alarm.decoded("TRIGGER") for alarm in fee.walk("VALARM")],
                         [datetime.timedelta(days=-days) for days in (90, 30, 7)])


if __name__ == "__main__":
    unittest.main()
