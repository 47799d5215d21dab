// Makes the pictures of the README and the docs: the terminal, the page in light and dark, a board.
// Usage: node .ci/pictures.mjs BINARY RUN.json… with saved runs of several targets; the first is the one that is shown whole.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, WORK, install, launch, page, trentcheck } from "./browser.mjs";

const [binary, ...files] = process.argv.slice(2);
assert(files.length > 1, "usage: node .ci/pictures.mjs BINARY RUN.json…, at least two saved runs");
const runs = files.map((file) => JSON.parse(fs.readFileSync(file)));
const PICTURES = path.join(ROOT, "harness", "docs", "pictures");
const LARGEST = 300_000; // bytes of a picture
const COLUMNS = 112;
const LINES = 25;

const { chromium } = install();
const browser = await launch(chromium);
fs.mkdirSync(PICTURES, { recursive: true });

async function picture(name, url, { width = 1200, height = 900, scheme = "light", prepare, clip } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: 1.5 });
  const tab = await context.newPage();
  await tab.goto(url);
  if (prepare) await prepare(tab);
  // Two frames: the second is drawn after everything has its size.
  await tab.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
  const file = path.join(PICTURES, `${name}.png`);
  await (clip ? tab.locator(clip) : tab).screenshot({ path: file });
  const { size } = fs.statSync(file);
  console.log(`${name}.png ${Math.round(size / 1000)} kB`);
  assert(size < LARGEST, `${name}.png has ${size} bytes`);
  await context.close();
}

/** What a terminal shows of this text, as HTML: colours, bold and dim of SGR sequences, long lines in several. */
function terminal(command, text) {
  const escaped = (part) => part.replace(/[&<>]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[letter]);
  const styles = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow", 36: "cyan" };
  const shown = [`<b class="green">$</b> ${escaped(command)}`];
  let active = [];
  for (const line of text.split("\n")) {
    let [row, column] = ["", 0];
    for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
      const codes = /^\x1b\[([0-9;]*)m$/.exec(part);
      if (codes) {
        const named = codes[1].split(";").filter((code) => Number(code) !== 0);
        active = named.length ? [...active, ...named.map((code) => styles[code]).filter(Boolean)] : [];
        continue;
      }
      for (const letter of part) {
        if (column === COLUMNS) {
          shown.push(row);
          [row, column] = ["", 0];
        }
        row += active.length ? `<span class="${active.join(" ")}">${escaped(letter)}</span>` : escaped(letter);
        column += 1;
      }
    }
    shown.push(row);
  }
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #14181d; color: #d7dde5; font: 13.5px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    pre { margin: 0; padding: 22px 26px; font: inherit; display: inline-block; min-width: ${COLUMNS}ch; }
    .bold, b { font-weight: 700; } .dim { color: #8793a1; } .red { color: #ff7b72; } .green { color: #56c77f; }
    .yellow { color: #e0ad4f; } .cyan { color: #7ab7ff; }
  </style><pre>${shown.slice(0, LINES).join("\n")}</pre>`;
}

const [first] = runs;
const one = path.join(WORK, "picture.json");
fs.writeFileSync(one, JSON.stringify(first));
const drawn = path.join(WORK, "terminal.html");
const name = first.runs[0].name;
fs.writeFileSync(drawn, terminal(`trentcheck run${name ? ` --target ${name}` : ""}`, trentcheck(binary, "report", one)));
await picture("terminal", pathToFileURL(drawn).href, { clip: "pre" });

const single = page(binary, "picture-single", first);
await picture("page", single, { height: 1000 });
const example = first.runs[0].cases.find((one) => one.outcome === "diverges" && one.states?.length && one.exchanges.length === 1);
await picture("case", `${single}#case:${example.id}`, {
  scheme: "dark",
  height: 900,
  prepare: (tab) => tab.evaluate(() => document.activeElement.blur()),
});
const board = page(binary, "picture-board", ...runs);
await picture("board", board, { height: 660 });
await browser.close();
