#!/usr/bin/env python3
"""tests/settlement/oracle.py: settlements computed a second time, with Python's fractions, from the reference page alone.

Run: tests/settlement/oracle.py > tests/settlement/vectors.json (only when the rules change). It writes random runs of three
periods each and what everybody is paid; src/settlement/oracle_test.cpp settles the same runs and compares every payout.
"""
import json
import random
from fractions import Fraction
from math import ceil, floor

CASES = 60
PERIODS = 3
HOURS = 720  # of a period
HOUR = 3_600_000_000_000


def nearest_up(x):
    return floor(x + Fraction(1, 2))


def nearest_even(x):
    return round(x)  # of a Fraction: ties to even


def largest_remainder(amount, weights):
    """Units of `amount` in proportion to `weights`; ties to the earlier."""
    total = sum(weights)
    if total == 0:
        return [0 for _ in weights]
    exact = [Fraction(amount) * w / total for w in weights]
    units = [floor(e) for e in exact]
    order = sorted(range(len(weights)), key=lambda i: (units[i] - exact[i], i))
    for i in order[:amount - sum(units)]:
        units[i] += 1
    return units


def split(amount, shares, residuals, closed):
    """{payee: units}; `residuals` {payee: Fraction} is brought up to date."""
    total = sum(shares.values())
    payees = sorted(set(shares) | set(residuals))
    claims = {p: Fraction(amount * shares.get(p, 0), total) + residuals.get(p, 0) for p in payees}
    given = {p: max(0, floor(claims[p])) for p in payees}
    if closed:
        left = sum(claims.values()) - sum(given.values())
        order = sorted(payees, key=lambda p: (given[p] - claims[p], p))
        for p in order[:max(0, int(left))]:
            given[p] += 1
        while left < 0:
            for p in reversed(order):
                if left < 0 and given[p] > 0:
                    given[p] -= 1
                    left += 1
    residuals.clear()
    residuals.update({p: claims[p] - given[p] for p in payees if claims[p] != given[p]})
    return given


def royalty(tiers, base):
    exact = Fraction(0)
    for i, (start, rate) in enumerate(tiers):
        end = tiers[i + 1][0] if i + 1 < len(tiers) else base
        exact += rate * max(0, min(base, end) - start)
    return floor(exact)


def overlap(a, b):
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def cut(amount, weights, period, stretches):
    if not any(weights):
        weights = [overlap(period, s) for s in stretches]
    return largest_remainder(amount, weights)


class Case:
    def __init__(self, seed):
        self.r = random.Random(seed)
        names = ["alloy", "burner", "code", "data"][:self.r.randint(1, 4)]
        self.assets = [self.asset(n) for n in names]
        self.links = []
        for i, a in enumerate(names):
            for b in names[i + 1:]:
                if self.r.random() < 0.6:
                    self.links.append((a, b, Fraction(self.r.randint(1, 30), 100),
                                       self.r.choice(["gross", "net_of_tax", "net_of_upstream", "external"])))
        self.licences = [self.licence(i, names) for i in range(self.r.randint(1, 3))]
        self.owed = {a["id"]: {} for a in self.assets}
        self.owed_inventors = {a["id"]: {} for a in self.assets}
        self.pools = {p[0]: 0 for a in self.assets for p in a["pools"]}
        self.totals = {l["licence"]: {"base": 0, "earned": 0, "due": 0, "advance": 0} for l in self.licences}

    def shares(self, names):
        return {n: self.r.randint(1, 9) for n in self.r.sample(names, self.r.randint(1, len(names)))}

    def asset(self, name):
        changes = sorted(self.r.sample(range(1, HOURS * PERIODS), self.r.randint(0, 3)))
        bounds = [0, *changes, HOURS * PERIODS]
        return {"id": name, "closed": self.r.random() < 0.7,
                "owners": [(bounds[i], bounds[i + 1], self.shares(list("ABCD"))) for i in range(len(bounds) - 1)],
                "award": (Fraction(self.r.randint(1, 60), 100), self.shares(list("PQR"))) if self.r.random() < 0.4 else None,
                "pools": [(f"{name}-{i}", "Z" + str(i), self.r.randint(1, 2)) for i in range(self.r.randint(0, 3))]}

    def licence(self, number, names):
        money = self.r.random() < 0.6
        tiers = [(0, Fraction(self.r.randint(1, 40), self.r.choice([100, 77])))]
        if self.r.random() < 0.6:
            tiers.append((self.r.randint(100, 5000), Fraction(self.r.randint(1, 40), 100)))
        return {"licence": f"licence-{number}", "asset": self.r.choice(names), "payer": "firm", "money": money,
                "price": None if money or self.r.random() < 0.5 else Fraction(self.r.randint(1, 99), 8), "tiers": tiers,
                "minimum": self.r.choice([None, None, 60]), "maximum": self.r.choice([None, None, 900]),
                "total": self.r.choice([None, None, 1500]), "guarantee": self.r.choice([None, None, (HOURS, 400)]),
                "advance": self.r.choice([None, 500]), "vat": Fraction(self.r.choice([0, 13]), 100) if money else Fraction(0),
                "withholding": Fraction(self.r.choice([0, 10, 20]), 100)}

    def settle(self, number, lines, costs, hold):
        begin, end = number * HOURS, (number + 1) * HOURS
        period = (begin, end)
        paid, kept = {}, {}
        for pool, amount in costs:
            self.pools[pool] += amount
        state = {}
        for a in self.assets:
            stretches = [(max(f, begin), min(t, end), s) for f, t, s in a["owners"] if overlap((f, t), period)]
            state[a["id"]] = {"stretches": stretches, "gross": 0, "net": 0, "by": [0] * len(stretches)}
        for l in self.licences:
            self.charge(l, number, [x for x in lines if x[1] == l["licence"]], state[l["asset"]], period)
        for a in self.assets:  # costs
            s = state[a["id"]]
            s["external"] = s["net"]
            for priority in (1, 2):
                pools = sorted(p for p in a["pools"] if p[2] == priority)
                outstanding = [self.pools[p[0]] for p in pools]
                for (pool, payee, _), amount in zip(pools, largest_remainder(min(s["external"], sum(outstanding)), outstanding)):
                    self.pools[pool] -= amount
                    paid[payee] = paid.get(payee, 0) + amount
                s["external"] -= min(s["external"], sum(outstanding))
            s["received"] = s["spent"] = 0
        for a, b, rate, base in self.links:
            if base == "external":
                amount = floor(state[a]["external"] * rate)
                state[a]["spent"] += amount
                state[b]["received"] += amount
        for a in self.assets:  # links lead to later assets only
            self.divide(a, state, period, paid, kept, hold)
        return {p: n - kept.get(p, 0) for p, n in paid.items() if n}

    def charge(self, l, number, lines, s, period):
        t = self.totals[l["licence"]]
        values = [(x[2], nearest_even(x[3] * l["price"]) if l["price"] else x[3]) for x in lines]
        by = [sum(v for at, v in values if st[0] <= at < st[1]) for st in s["stretches"]]
        base = sum(v for _, v in values)
        base -= nearest_up(base * l["vat"] / (1 + l["vat"]))
        due = royalty(l["tiers"], t["base"] + base) - royalty(l["tiers"], t["base"])
        t["base"] += base
        due = max(due, l["minimum"] or 0)
        due = min(due, l["maximum"]) if l["maximum"] else due
        t["earned"] += due
        owed = t["earned"]
        if l["guarantee"] and l["guarantee"][0] < period[1]:
            owed = max(owed, l["guarantee"][1])
        owed = min(owed, l["total"]) if l["total"] else owed
        due = max(0, owed - t["due"])
        t["due"] += due
        payment = [0] * len(by)
        if l["advance"] and number == 0:  # due in the first hour
            t["advance"] += l["advance"]
            payment[0] += l["advance"]
        recouped = min(due, t["advance"])
        t["advance"] -= recouped
        for i, amount in enumerate(cut(due - recouped, by, period, s["stretches"])):
            payment[i] += amount
        receipts = sum(payment) - floor(sum(payment) * l["withholding"])
        s["gross"] += sum(payment)
        s["net"] += receipts
        s["by"] = [a + b for a, b in zip(s["by"], cut(receipts, payment, period, s["stretches"]))]

    def divide(self, a, state, period, paid, kept, hold):
        s = state[a["id"]]
        available = s["external"] + s["received"] - s["spent"]
        owed = {}
        for _, b, rate, base in [x for x in self.links if x[0] == a["id"]]:
            if base in ("gross", "net_of_tax"):
                owed[b] = floor(((s["gross"] if base == "gross" else s["net"]) + s["received"]) * rate)
        before = sum(owed.values())
        for _, b, rate, base in [x for x in self.links if x[0] == a["id"]]:
            if base == "net_of_upstream":
                owed[b] = floor(max(0, available - before) * rate)
        order = sorted(owed)
        amounts = [owed[b] for b in order]
        if sum(amounts) > available:
            amounts = largest_remainder(available, amounts)
        for b, amount in zip(order, amounts):
            state[b]["received"] += amount
        retained = available - sum(amounts)
        parts = {}
        award = 0
        if a["award"]:
            award = ceil(retained * a["award"][0])
            if award:
                parts.update(split(award, a["award"][1], self.owed_inventors[a["id"]], True))
        spread = largest_remainder(s["received"], [overlap(period, st) for st in s["stretches"]])
        weights = [x + y for x, y in zip(s["by"], spread)]
        owed = self.owed[a["id"]]
        for (_, _, shares), amount in zip(s["stretches"], cut(retained - award, weights, period, s["stretches"])):
            if amount == 0 and sum(owed.values()) == 0:
                continue
            for p, n in split(amount, shares, owed, a["closed"]).items():
                parts[p] = parts.get(p, 0) + n
        for p, n in parts.items():
            paid[p] = paid.get(p, 0) + n
            if hold and p == hold[0]:
                kept[p] = kept.get(p, 0) + floor(n * hold[1])

    def write(self):
        periods = []
        for number in range(PERIODS):
            lines = [[f"{l['licence']}-{i}", l["licence"], number * HOURS + self.r.randrange(HOURS), self.r.randrange(9000)]
                     for l in self.licences for i in range(self.r.randint(0, 4))]
            costs = [[pool, self.r.randrange(300)] for pool in self.pools if self.r.random() < 0.5]
            hold = self.r.choice([None, ("A", Fraction(1, 3))])
            payouts = self.settle(number, lines, costs, hold)
            periods.append({"lines": lines, "costs": costs, "hold": [hold[0], str(hold[1])] if hold else None, "payouts": payouts,
                            "pools": dict(self.pools)})
        text = lambda x: None if x is None else str(x)
        return {"assets": [{"id": a["id"], "closed": a["closed"], "owners": a["owners"], "pools": a["pools"],
                            "award": [str(a["award"][0]), a["award"][1]] if a["award"] else None} for a in self.assets],
                "links": [[a, b, str(rate), base] for a, b, rate, base in self.links],
                "licences": [{**l, "price": text(l["price"]), "tiers": [[f, str(rate)] for f, rate in l["tiers"]],
                              "vat": str(l["vat"]), "withholding": str(l["withholding"])} for l in self.licences],
                "periods": periods}


if __name__ == "__main__":
    cases = [Case(seed).write() for seed in range(1, CASES + 1)]
    print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
