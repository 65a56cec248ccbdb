"""What came out of a run: results as JSON, as JUnit, and as one page of HTML that needs nothing else."""

import html
import json
import os
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
    keep = ("section", "level", "side", "text", "rfc", "rfc_title")
    return {"targets": [{"name": run.name, "title": run.title, "counts": {s: run.count(s) for s in STATES},
                         "results": [r.row() for r in run.results]} for run in runs],
            "requirements": {ident: {key: requirements[ident][key] for key in keep} for ident in sorted(used) if ident in requirements}}


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


def html_text(runs, requirements):
    # Inside <script> only "</" could end it early.
    body = json.dumps(data(runs, requirements)).replace("</", "<\\/")
    closing = "".join(f"<li><b>{html.escape(run.title)}</b>: {html.escape(run.closing())}</li>" for run in runs)
    return PAGE.replace("%CLOSING%", closing).replace("%DATA%", body)


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Conformance</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 1.5em; color: #222; background: #fff }
table { border-collapse: collapse; margin-top: 1em } th, td { border: 1px solid #ccc; padding: .25em .6em; vertical-align: top; text-align: left }
th { position: sticky; top: 0; background: #eee } td.cell { cursor: pointer; white-space: nowrap; text-align: center }
.passed { background: #d9f2d9 } .failed { background: #f7c6c6 } .known { background: #fbe7b0 } .offered { background: #eee; color: #777 }
.none { color: #bbb } tr.detail td { background: #fafafa } pre { margin: .3em 0; white-space: pre-wrap; font-size: 12px }
pre .here { background: #f7c6c6 } .id { font-family: monospace; white-space: nowrap } .filters > * { margin-right: 1em }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } th { background: #333 } th, td { border-color: #444 }
 .passed { background: #1f4d1f } .failed { background: #6b2020 } .known { background: #5e4a10 } .offered { background: #2a2a2a }
 tr.detail td { background: #222 } pre .here { background: #6b2020 } }
</style></head><body>
<h1>Conformance</h1>
<ul>%CLOSING%</ul>
<p class="filters">
<label>RFC <select id="rfc"><option value="">all</option></select></label>
<label>level <select id="level"><option value="">all</option><option>MUST</option><option>SHOULD</option><option>MAY</option></select></label>
<label>show <select id="state"><option value="">everything</option><option value="failed">what failed</option>
<option value="known">known deviations</option><option value="differ">where targets differ</option></select></label>
<label>text <input id="text" size="24"></label> <span id="shown"></span></p>
<p>A cell says how many scenarios of a requirement passed, of those that could be played. A click shows them, with what was said on the
wire; the deciding line is marked. Yellow is a deviation that is known and explained, grey what the server does not offer.</p>
<table><thead id="head"></thead><tbody id="body"></tbody></table>
<script id="data" type="application/json">%DATA%</script>
<script>
const data = JSON.parse(document.getElementById('data').textContent);
const by = data.targets.map(t => { const m = {}; for (const r of t.results) for (const q of r.req) (m[q] = m[q] || []).push(r); return m; });
const el = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const $ = id => document.getElementById(id);
const order = q => [data.requirements[q].rfc, ...data.requirements[q].section.split('.').map(n => n.padStart(3, '0')), q];
const ids = Object.keys(data.requirements).sort((a, b) => { const x = order(a), y = order(b); return x < y ? -1 : x > y ? 1 : 0; });
ids.sort((a, b) => data.requirements[a].rfc - data.requirements[b].rfc);
function summary(rows) {
  if (!rows) return ['', 'none'];
  const n = s => rows.filter(r => r.state === s).length, played = rows.length - n('not offered');
  if (!played) return ['not offered', 'offered'];
  return [n('passed') + ' of ' + played, n('failed') ? 'failed' : n('known') ? 'known' : 'passed'];
}
function details(rows, width) {
  const tr = el('tr', undefined, 'detail'), td = el('td'); td.colSpan = width; tr.append(td);
  for (const r of rows || []) {
    td.append(el('div', r.state + ': ' + r.name + ': ' + r.title + (r.why ? ' (' + r.why + ')' : '')));
    if (r.line) td.append(el('div', 'line ' + r.line + ': expected ' + r.expected + ', found ' + r.found));
    if (r.lines.length) { const pre = el('pre'); r.lines.forEach(l => pre.append(el('span', l + '\\n', l.startsWith(' >>') ? 'here' : ''))); td.append(pre); }
  }
  return tr;
}
function draw() {
  const body = $('body'), width = 3 + data.targets.length; let shown = 0; body.textContent = '';
  for (const q of ids) {
    const req = data.requirements[q], cells = by.map(m => summary(m[q]));
    if ($('rfc').value && String(req.rfc) !== $('rfc').value) continue;
    if ($('level').value && !req.level.startsWith($('level').value)) continue;
    const state = $('state').value;
    if (state === 'differ' ? new Set(cells.map(c => c[1])).size < 2 : state && !cells.some(c => c[1] === state)) continue;
    if (!(q + ' ' + req.text).toLowerCase().includes($('text').value.toLowerCase())) continue;
    const tr = el('tr'); shown++;
    tr.append(el('td', q, 'id'), el('td', req.level), el('td', req.text));
    cells.forEach((c, i) => { const td = el('td', c[0], 'cell ' + c[1]); td.onclick = () => {
      if (tr.nextSibling && tr.nextSibling.className === 'detail') { tr.nextSibling.remove(); if (tr.open === i) { tr.open = -1; return; } }
      tr.after(details(by[i][q], width)); tr.open = i; }; tr.append(td); });
    body.append(tr);
  }
  $('shown').textContent = shown + ' of ' + ids.length + ' requirements';
}
const head = el('tr'); ['requirement', 'level', 'in our words', ...data.targets.map(t => t.title)].forEach(t => head.append(el('th', t))); $('head').append(head);
const rfcs = {}; ids.forEach(q => rfcs[data.requirements[q].rfc] = data.requirements[q].rfc_title);
for (const n in rfcs) { const o = el('option', n + ' ' + rfcs[n]); o.value = n; $('rfc').append(o); }
['rfc', 'level', 'state', 'text'].forEach(id => $(id).oninput = draw); draw();
</script></body></html>
"""
