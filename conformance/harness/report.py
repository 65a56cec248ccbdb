"""What came out of a run: results as JSON, as JUnit, and as one page of HTML that needs nothing else."""

import base64
import html
import json
import os
import time
import zlib
import xml.etree.ElementTree as ET

PASSED, FAILED, KNOWN, NOT_OFFERED = "passed", "failed", "known", "not offered"
STATES = (PASSED, FAILED, KNOWN, NOT_OFFERED)


class Result:
    """One scenario against one target."""

    def __init__(self, scenario, name, state, why="", failed=None, lines=(), seconds=0.0):
        self.name, self.state, self.why, self.lines, self.seconds = name, state, why, list(lines), seconds
        self.title, self.req, self.service = scenario.title, scenario.req, scenario.service
        self.line = failed.line if failed else 0
        self.expected, self.found = (failed.expected, failed.found) if failed else ("", "")

    def row(self):
        keep = ("name", "title", "req", "service", "state", "why", "line", "expected", "found", "lines")
        return dict({key: getattr(self, key) for key in keep}, seconds=round(self.seconds, 3))


class Run:
    """All results of one target."""

    def __init__(self, name, title):
        self.name, self.title, self.results = name, title, []

    def count(self, state):
        return sum(r.state == state for r in self.results)

    def closing(self):
        known = f", {self.count(KNOWN)} known" if self.count(KNOWN) else ""
        return f"{self.count(PASSED)} passed, {self.count(FAILED)} failed{known}, {self.count(NOT_OFFERED)} not offered"


def make_folder(folder):
    """The folder of a report; OSError when nothing can be written there."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "report.json"), "a", encoding="utf-8"):
        pass


def write(folder, runs, requirements):
    for name, text in (("report.json", json_text(runs, requirements)), ("junit.xml", junit_text(runs)),
                       ("index.html", html_text(runs, requirements))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def data(runs, requirements):
    used = {ident for run in runs for r in run.results for ident in r.req}
    keep = ("section", "level", "side", "text", "ambiguity", "rfc", "rfc_title")
    return {"targets": [{"name": run.name, "title": run.title, "counts": {s: run.count(s) for s in STATES},
                         "results": [r.row() for r in run.results]} for run in runs],
            "requirements": {ident: {key: requirements[ident][key] for key in keep if key in requirements[ident]} for ident in sorted(used) if ident in requirements}}


def json_text(runs, requirements):
    return json.dumps(data(runs, requirements), indent=1) + "\n"


def printable(text):
    """Without what XML cannot hold."""
    return "".join(c if c in "\t\n" or ord(c) >= 32 else "?" for c in text)


def junit_text(runs):
    top = ET.Element("testsuites")
    for run in runs:
        suite = ET.SubElement(top, "testsuite", name=run.name, tests=str(len(run.results)), failures=str(run.count(FAILED)), errors="0",
                              skipped=str(run.count(NOT_OFFERED) + run.count(KNOWN)))
        for r in run.results:
            case = ET.SubElement(suite, "testcase", classname=f"{run.name}.{os.path.dirname(r.name).replace('/', '.')}",
                                 name=os.path.basename(r.name), time=f"{r.seconds:.3f}")
            if r.state == FAILED:
                text = printable(f"line {r.line}: expected {r.expected}, found {r.found}")
                ET.SubElement(case, "failure", message=text).text = printable("\n".join(r.lines))
            elif r.state != PASSED:
                ET.SubElement(case, "skipped", message=printable(f"{r.state}: {r.why}"))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


HERE = os.path.dirname(os.path.abspath(__file__))


class Table:
    """Values that many rows share, each kept once; -1 is none."""

    def __init__(self):
        self.values, self.places = [], {}

    def place(self, value):
        if not value:
            return -1
        if value not in self.places:
            self.places[value] = len(self.values)
            self.values.append(value)
        return self.places[value]


def packed(runs, requirements):
    """(what the page needs at once, the dialogs, which it unpacks when one is looked at)."""
    scenarios, whys, dialogs, places = [], Table(), Table(), {}
    rows = []
    for run in runs:
        results = []
        for r in run.results:
            if r.name not in places:
                places[r.name] = len(scenarios)
                scenarios.append([r.name, r.title, r.req])
            results.append([places[r.name], STATES.index(r.state), whys.place(r.why), r.line, r.expected[:400], r.found[:400],
                            dialogs.place("\n".join(r.lines))])
        rows.append({"name": run.name, "title": run.title, "results": results})
    page = {"targets": rows, "scenarios": scenarios, "whys": whys.values, "requirements": data(runs, requirements)["requirements"]}
    return page, base64.b64encode(zlib.compress(json.dumps(dialogs.values).encode(), 9)).decode()


def card(run):
    """The figures of one target, for the top of the page."""
    counts = [run.count(s) for s in STATES]
    played = sum(counts[:3])
    share = f"{int(1000 * counts[0] / played) / 10:g} %" if played else "nothing played"
    widths = "".join(f'<i class="{s}" style="width:{100 * run.count(s) / max(1, played):.2f}%"></i>' for s in (PASSED, KNOWN, FAILED))
    return (f'<div class="card"><b>{html.escape(run.title)}</b><div class="big">{share}</div><div class="bar">{widths}</div>'
            f'<div class="small"><span class="passed">{counts[0]} passed</span>, <span class="failed">{counts[1]} failed</span>, '
            f'<span class="known">{counts[2]} known</span></div><div class="small soft">{counts[3]} not offered</div></div>')


def html_text(runs, requirements):
    with open(os.path.join(HERE, "page.html"), encoding="utf-8") as file:
        text = file.read()
    page, dialogs = packed(runs, requirements)
    intro = (f"{len(page['scenarios'])} scenarios for {len(page['requirements'])} requirements, played on {time.strftime('%d %B %Y')}. "
             "A click on a cell shows what was said.")
    # Inside <script> only "</" could end it early.
    for mark, value in (("%INTRO%", intro), ("%CARDS%", "".join(map(card, runs))), ("%DIALOGS%", dialogs),
                        ("%DATA%", json.dumps(page, separators=(",", ":")).replace("</", "<\\/"))):
        text = text.replace(mark, value, 1)
    return text
