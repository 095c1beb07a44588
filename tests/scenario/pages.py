"""Runs what a page of the documentation shows, as its reader would type it.

Of the fenced blocks of a page:
    ```console          commands after "$ ", each followed by what it prints
    ```console NAME     the same in a terminal of its own: the command goes on running; "^C" stops it
    ```json FILE        (any other language and a name) is saved under that name
Other blocks are for the eye only. In the output "..." stands for anything, runs of blanks count
as one, and stderr belongs to it.
"""
import os
import re
import shlex
import signal
import subprocess
import time

from harness import DEADLINE_S, until

BLOCK = re.compile(r"^```(\w+)(?: ([\w.-]+))?\n(.*?)^```$", re.M | re.S)
# Commands that change nothing are asked again until the page is right: a page says "a few seconds later".
ASKS_ONLY = re.compile(r"lineshaft (connect (ls|test|scan)|flow ls|tag ls|query) ?|curl -sS http://\S+$")


def fits(shown, got):
    literal = re.split(r" ?\.\.\. ?", " ".join(shown.split()))
    return re.fullmatch(".*".join(map(re.escape, literal)), " ".join(got.split()))


def steps(block):
    """[(command, what it prints)] of a console block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ ") or line == "^C":
            found.append((line.removeprefix("$ "), ""))
        else:
            command, shown = found[-1]
            found[-1] = (command, shown + line + "\n")
    return found


class Reader:
    """Someone who reads a page in an empty folder and types what it says."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        self.replacements = {}  # what stands in the page: what it is here (a port, a code)
        self.terminals = {}

    def read(self, page):
        for language, name, block in BLOCK.findall(page.read_text()):
            for shown, real in self.replacements.items():
                block = block.replace(shown, real)
            if language == "console":
                for command, shown in steps(block):
                    self.run_in(name, command, shown) if name else self.run(command, shown)
            elif name:
                (self.folder / name).write_text(block)

    def run(self, command, shown):
        end = time.monotonic() + DEADLINE_S
        while True:
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                                  stdin=subprocess.DEVNULL)
            if fits(shown, done.stdout):
                self.copy(done.stdout)
                return
            if not ASKS_ONLY.match(command) or time.monotonic() > end:
                raise AssertionError(f"$ {command}\nthe page shows:\n{shown}\nbut it printed:\n{done.stdout}"
                                     + self.other_terminals())
            time.sleep(0.2)

    def run_in(self, terminal, command, shown):
        if command == "^C":
            process, _ = self.terminals.pop(terminal)
            os.killpg(process.pid, signal.SIGINT)
            process.wait(DEADLINE_S)
            return
        path = self.folder / f"{terminal}.terminal"
        with open(path, "wb") as out:
            process = subprocess.Popen(shlex.split(command), cwd=self.folder, env=self.environment,
                                       stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        self.terminals[terminal] = (process, path)

        def ready():
            if process.poll() is not None:
                raise AssertionError(f"$ {command}\nended:\n{path.read_text()}")
            printed = path.read_text()
            self.learn(printed)
            for known, real in self.replacements.items():
                nonlocal shown
                shown = shown.replace(known, real)
            return fits(shown + "...", printed) if shown else True

        until(ready, f"what the page shows of `{command}`")

    def other_terminals(self):
        return "".join(f"\nin the terminal '{name}':\n{path.read_text()[-2000:]}"
                       for name, (_, path) in self.terminals.items())

    def learn(self, printed):
        """What a server prints differs from run to run; the reader copies it from the terminal."""
        for shown, pattern in (("6B:0F:...", r"SHA-256 (\S+)"), ("7KQM-2F9X-0TBD", r"claim code +(\S+)"),
                               ("6b0f...", r"^thumbprint ([0-9a-f]{40})$")):
            if found := re.search(pattern, printed, re.M):
                self.replacements[shown] = found[1]

    def copy(self, printed):
        """The digest of what is to be approved is copied from where it was printed."""
        if found := re.search(r"^digest +([0-9a-f]{64})$", printed, re.M):
            self.replacements["LICENCE-DIGEST" if "licensors" in printed else "RUN-DIGEST"] = found[1]

        if found := re.search(r"^first password +(\S+)$", printed, re.M):
            self.replacements["FIRST-PASSWORD"] = found[1]

    def close(self):
        for process, _ in self.terminals.values():
            process.kill()
            process.wait()
