// Checks the page in a browser: filters and their fragment, links, buttons that copy, the keyboard, paper, axe-core in light
// and dark, a small screen, a report whose every text is markup, and one of 5,000 cases. Usage: node .ci/page.mjs BINARY [WORD of a check],
// or --install in place of BINARY, which brings only what the checks need.
import assert from "node:assert/strict";
import { install, launch, page, read, served, trentcheck } from "./browser.mjs";

const binary = process.argv[2] ?? "target/release/trentcheck";
const only = process.argv[3] ?? "";
const LIMIT = 60_000; // milliseconds; the largest page takes some five on an idle machine
const MARKUP = `</script></style></title>--><img src=x onerror="globalThis.injected=1"><svg onload="globalThis.injected=1">`
  + `<script>globalThis.injected=1</script><a href="javascript:globalThis.injected=1" style="color:red">"'\`{{ 1 }}`;
// Members whose text is free. Words that the schema lists have to stay.
const FREE = ["title", "text", "says", "reason", "answer", "sentence", "words", "value", "values", "then", "name",
  "request", "response", "error", "repeat", "curl", "endpoint", "region", "notices", "left", "hint", "start", "seen", "file",
  "place", "date", "corpus", "run", "started", "version"];

const { chromium, axe } = install();
if (process.argv[2] === "--install") process.exit();
const browser = await launch(chromium);
const done = [];

/** Opens a page and watches it: it may load nothing, report nothing and run nothing but its own script. */
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(LIMIT);
  const tab = await context.newPage();
  const wrong = [];
  tab.on("console", (message) => wrong.push(message.text()));
  tab.on("pageerror", (error) => wrong.push(String(error)));
  tab.on("request", (request) => request.url().split("#")[0] === url.split("#")[0] || wrong.push(request.url()));
  await tab.goto(url, { timeout: LIMIT });
  return { tab, wrong, close: async () => { assert.deepEqual(wrong, []); await context.close(); } };
}

async function check(name, task) {
  if (!name.includes(only)) return;
  await task();
  done.push(name);
  console.log(`ok ${name}`);
}

const shown = (tab) => tab.$$eval("details.case:not([hidden])", (all) => all.map((one) => one.id.slice(5)));
const settled = (tab, count, whole) =>
  tab.waitForFunction((text) => document.querySelector("#shown").textContent === text,
    count === whole ? `${whole} cases` : `${count} of ${whole} cases`);

// Made once: a target that deletes nothing, and the embedded reference.
const CASES = ["success/*", "members/*", "body/*", "effects/import-restores"];
await served(binary, "deletes-nothing", (url) =>
  trentcheck(binary, "run", ...CASES, "--endpoint", url, "--report", "json=wrong.json"));
trentcheck(binary, "run", ...CASES, "--embedded", "--report", "json=right.json");
const [wrong, right] = [read("wrong.json"), read("right.json")];
const run = wrong.runs[0];
const cases = run.cases;
assert(run.causes.length > 0 && cases.some((one) => one.outcome === "pass"), "the sample has no divergence, or nothing else");
const ids = (fits) => cases.filter(fits).map((one) => one.id);
const single = page(binary, "single", wrong);

await check("filters show what they say, and the fragment keeps them", async () => {
  const { tab, close } = await open(single);
  const all = cases.length;
  await settled(tab, all, all);
  const cause = run.causes[0];
  for (const [set, fragment, expected] of [
    [() => tab.check("input[value=diverges]"), "#outcome=diverges", ids((one) => one.outcome === "diverges")],
    [() => tab.check("input[value=pass]"), "#outcome=diverges&outcome=pass",
      ids((one) => ["diverges", "pass"].includes(one.outcome))],
    [() => tab.selectOption("select[name=group]", "members"), "#group=members", ids((one) => one.group === "members")],
    [() => tab.selectOption("select[name=level]", "may"), "#level=may", ids((one) => one.level === "may")],
    [() => tab.selectOption("select[name=cause]", "1.1"), "#cause=1.1", ids((one) => cause.cases.includes(one.id))],
    [() => tab.fill("input[name=text]", "HMAC ImportKey"), "#text=HMAC+ImportKey", null],
  ]) {
    if (!fragment.startsWith("#outcome=diverges&")) await tab.click("button[type=reset]");
    await set();
    await tab.waitForFunction((wanted) => location.hash === wanted, fragment);
    const now = await shown(tab);
    if (expected) assert.deepEqual([...now].sort(), [...expected].sort(), fragment);
    assert(now.length > 0 && now.length < all || fragment.includes("&"), `${fragment} shows ${now.length}`);
    const again = await open(single + fragment);
    await settled(again.tab, now.length, all);
    assert.deepEqual(await shown(again.tab), now, fragment);
    await again.close();
  }
  await tab.fill("input[name=text]", "no case has this text");
  await tab.waitForSelector("#none:not([hidden])");
  assert.equal(await tab.locator("section.group:visible").count(), 0);
  await tab.click("button[type=reset]");
  await settled(tab, all, all);
  assert.equal(await tab.evaluate(() => location.hash), "");
  for (const odd of ["#%", "#case:%", "#case:nothing", "#outcome=", "#level=x&cause=%00", "#filters", "#__proto__=1"]) {
    const other = await open(single + odd);
    assert(await other.tab.locator("details.case").count() === all);
    await other.close();
  }
  await close();
});

await check("links open their case, also one that a filter hides", async () => {
  const { tab, close } = await open(`${single}#outcome=pass`);
  const example = run.causes[0].example;
  await tab.click(`.cause:first-child a:has-text("example ${example}")`);
  await tab.waitForFunction((id) => document.getElementById(`case:${id}`).open, example);
  await tab.waitForFunction((id) => {
    const { top, bottom } = document.getElementById(`case:${id}`).getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }, example);
  await tab.click(`.cause:first-child a:has-text("show ")`);
  await settled(tab, run.causes[0].cases.length, cases.length);
  const cell = tab.locator(".matrix a.cell.o-diverges").first();
  const id = decodeURIComponent((await cell.getAttribute("href")).slice(6));
  await cell.click();
  await tab.waitForFunction((id) => document.getElementById(`case:${id}`).open, id);
  assert(await tab.locator(`[id="case:${id}"] mark`).count() > 0, "nothing is marked");
  assert(await tab.locator(`[id="case:${id}"] .states li`).count() > 1, "no state is shown");
  await close();
});

await check("buttons copy the repeat line and the curl line", async () => {
  const one = cases.find((one) => one.outcome === "diverges" && one.curl);
  const allowed = { permissions: ["clipboard-read", "clipboard-write"] };
  for (const clipboard of [true, false]) {
    const { tab, close } = await open(`${single}#case:${one.id}`, clipboard ? allowed : {});
    await tab.evaluate((clipboard) => {
      if (!clipboard) Object.defineProperty(navigator, "clipboard", { value: undefined });
      document.addEventListener("copy", () => { globalThis.copied = String(getSelection()); });
    }, clipboard);
    const copied = () => clipboard ? tab.evaluate(() => navigator.clipboard.readText()) : tab.evaluate(() => globalThis.copied);
    const button = (number) => tab.locator(`[id="case:${one.id}"] button.copy`).nth(number);
    for (const [number, line] of [[0, one.repeat], [1, one.curl]]) {
      await button(number).click();
      await tab.waitForSelector("#said:has-text('Copied')", { state: "attached" });
      assert.equal(await copied(), line);
    }
    await tab.locator(".cause button.copy").first().click();
    await tab.waitForFunction(() => document.querySelector(".cause button.done"));
    assert.equal(await copied(), run.causes[0].repeat);
    await close();
  }
});

await check("the keyboard is enough", async () => {
  const { tab, close } = await open(single);
  await tab.keyboard.press("Tab");
  assert.equal(await tab.evaluate(() => document.activeElement.className), "skip");
  await tab.keyboard.press("Enter");
  await tab.waitForFunction(() => location.hash === "#cases");
  await tab.keyboard.press("/");
  await tab.keyboard.type("pending-deletion");
  await tab.waitForFunction(() => location.hash === "#text=pending-deletion");
  for (let steps = 0; steps < 20; steps += 1) {
    await tab.keyboard.press("Tab");
    if (await tab.evaluate(() => document.activeElement.matches("details.case > summary"))) break;
  }
  await tab.keyboard.press("Enter");
  await tab.waitForFunction(() => document.activeElement.parentElement.open);
  await close();
});

/** The texts of a report as markup, ids of cases, groups and clauses too. */
function hostile(value, key = "") {
  // A line to copy with anything unquoted behind it is refused.
  if (typeof value === "string" && ["repeat", "curl"].includes(key)) return `${value} '${MARKUP.replaceAll("'", "")}'`;
  if (typeof value === "string") return FREE.includes(key) ? `${value}${MARKUP}` : value;
  if (Array.isArray(value)) return value.map((one) => hostile(one, key));
  if (value === null || typeof value !== "object") return value;
  const changed = Object.fromEntries(Object.entries(value).map(([name, one]) => {
    if (name === "where" && typeof one === "string") return [name, `${one}${MARKUP}`];
    if (["id", "example", "group", "clause"].includes(name)) return [name, `${one}${MARKUP}`];
    if (["cases", "clauses"].includes(name) && typeof one[0] === "string") return [name, one.map((id) => `${id}${MARKUP}`)];
    return [name, hostile(one, name)];
  }));
  for (const name of ["groups", "clauses"]) {
    if (changed[name] && !Array.isArray(changed[name])) {
      const entries = Object.entries(changed[name]);
      changed[name] = Object.fromEntries(entries.map(([id, one]) =>
        [`${id}${MARKUP}`, typeof one === "string" ? `${one}${MARKUP}` : one]));
    }
  }
  return changed;
}

await check("no text of a target is markup", async () => {
  const plain = await open(single);
  const kinds = (tab) => tab.$$eval("*", (all) => {
    const count = {};
    for (const one of all) count[one.localName] = (count[one.localName] ?? 0) + 1;
    return count;
  });
  const expected = await kinds(plain.tab);
  await plain.close();
  const changed = { ...wrong, version: `0${MARKUP}`, runs: wrong.runs.map((one) => ({ ...hostile(one), target: { ...one.target, endpoint: MARKUP, region: MARKUP } })) };
  const { tab, close } = await open(page(binary, "hostile", changed));
  const now = await kinds(tab);
  assert.deepEqual(now, expected);
  assert.equal(await tab.evaluate(() => globalThis.injected), undefined);
  const odd = "img, iframe, object, embed, base, link, [onerror], [onload], [style], a[href^=javascript], a:not([href^='#'])";
  assert.equal(await tab.locator(odd).count(), 0);
  const text = await tab.evaluate(() => document.documentElement.textContent);
  assert(text.split("<img src=x").length > 20 * cases.length, "the markup is not shown");
  const title = await tab.title();
  assert(title.includes("<script>"), title);
  // Links and filters work with any id.
  await tab.locator(".matrix a.cell").first().click();
  await tab.waitForSelector("details.case[open]");
  await tab.selectOption("select[name=group]", { index: 1 });
  await tab.waitForFunction((whole) => document.querySelector("#shown").textContent.includes(" of "), cases.length);
  await close();
});

await check("the policy lets nothing else run", async () => {
  const { tab, wrong } = await open(single);
  await tab.evaluate(() => {
    for (const [name, text] of [["script", "globalThis.injected = 1"], ["style", "body { display: none }"]]) {
      const element = document.createElement(name);
      try {
        element.textContent = text;
        document.head.append(element);
      } catch {
        // Trusted types refuse the text already.
      }
    }
    document.body.setAttribute("style", "display: none");
    const image = document.createElement("img");
    image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
    document.body.append(image);
  });
  assert.equal(await tab.evaluate(() => globalThis.injected), undefined);
  assert.equal(await tab.evaluate(() => getComputedStyle(document.body).display), "block");
  assert(wrong.some((line) => line.includes("Content Security Policy")), "nothing was refused");
  await tab.context().close();
});

const night = (number) => {
  const copy = structuredClone(wrong);
  Object.assign(copy.runs[0], { name: "staging", started: `2026-01-0${number}T02:00:00Z` });
  return copy;
};
const pages = {
  single,
  board: page(binary, "board", wrong, right),
  nights: page(binary, "nights", night(1), night(2), night(3)),
};

await check("axe-core finds nothing, in light and dark, wide and narrow", async () => {
  for (const [name, url] of Object.entries(pages)) {
    for (const [colorScheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
      const { tab, close } = await open(url, { colorScheme, viewport: { width, height: 900 } });
      // One case of each outcome is opened: closed ones are not looked at.
      await tab.evaluate(() => {
        for (const outcome of ["diverges", "pass", "skipped", "blocked"]) {
          const one = document.querySelector(`details.case[data-outcome~=${outcome}]`);
          if (one) for (const details of [one, ...one.querySelectorAll("details")]) details.open = true;
        }
      });
      await tab.evaluate(axe);
      const found = await tab.evaluate(() => globalThis.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"],
      }));
      assert(found.passes.length > 20, `axe-core checked ${found.passes.length} rules`);
      const violations = found.violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.slice(0, 3).map((node) => `${node.html}\n  ${node.failureSummary}`).join("\n  ")}`);
      assert.deepEqual(violations, [], `${name}, ${colorScheme}, ${width}`);
      const [wide, screen] = await tab.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
      assert(wide <= screen, `${name} is ${wide} wide on a screen of ${screen}`);
      await close();
    }
  }
});

await check("paper has what diverges, and no buttons", async () => {
  const { tab, close } = await open(`${single}#outcome=diverges`);
  const pdf = await tab.pdf({ format: "A4" });
  assert(pdf.length > 20_000, `${pdf.length} bytes`);
  await tab.emulateMedia({ media: "print" });
  await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await tab.locator("#filters:visible, button:visible, nav:visible").count(), 0);
  assert.equal(await tab.locator("details.case[open]").count(), ids((one) => one.outcome === "diverges").length);
  await tab.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await tab.locator("details.case[open]").count(), 0);
  await close();
});

await check("without scripts everything is there but the filters", async () => {
  const { tab, close } = await open(single, { javaScriptEnabled: false });
  assert.equal(await tab.locator("details.case").count(), cases.length);
  assert.equal(await tab.locator("#filters:visible, button:visible").count(), 0);
  await tab.locator("details.case > summary").first().click();
  assert(await tab.locator("details.case[open] pre:visible").count() > 0);
  await close();
});

await check("5,000 cases load, scroll and can be filtered", async () => {
  const many = structuredClone(wrong);
  const large = many.runs[0];
  large.cases = Array.from({ length: 5000 }, (_, number) => {
    const one = cases[number % cases.length];
    return { ...one, id: `${one.group}/case-${number}` };
  });
  const { tab, close } = await open(page(binary, "large", many));
  await settled(tab, 5000, 5000);
  const last = tab.locator("details.case").last();
  // As a person scrolls: some pixels a frame, in several places.
  const frames = await tab.evaluate(async () => {
    const times = [];
    for (const place of [0.2, 0.5, 0.8]) {
      scrollTo(0, document.scrollingElement.scrollHeight * place);
      await new Promise((next) => requestAnimationFrame(next));
      for (let number = 0; number < 100; number += 1) {
        const before = performance.now();
        scrollBy(0, 100);
        await new Promise((next) => requestAnimationFrame(next));
        times.push(performance.now() - before);
      }
    }
    return times.sort((one, other) => one - other);
  });
  await last.scrollIntoViewIfNeeded();
  assert(await last.isVisible());
  await last.locator(":scope > summary").click();
  assert(await last.locator(".body").isVisible());
  await tab.fill("input[name=text]", "case-4999");
  await settled(tab, 1, 5000);
  const at = (share) => frames[Math.floor((frames.length - 1) * share)].toFixed(0);
  console.log(`   frames while scrolling: half within ${at(0.5)} ms, 95 % within ${at(0.95)} ms, the slowest ${at(1)} ms`);
  await close();
});

await browser.close();
assert(done.length > 0, `no check has \`${only}\` in its name`);
console.log(`${done.length} checks of the page`);
