// What the checks and pictures of the page share: a browser, and pages made by trentcheck. Node 18 or later.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const WORK = path.join(ROOT, "target", "page");
const PACKAGES = ["playwright-core@1.65.1", "axe-core@4.14.1"];
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // Root has no sandbox, and CI runs as root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

const found = () => {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const files = CHROMIUM.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return process.env.CHROMIUM ?? files.find((file) => fs.existsSync(file));
};

/** The packages, installed below `target/page`, and the path of a browser, which Debian's package brings if none is there. */
export function install() {
  fs.mkdirSync(WORK, { recursive: true });
  const versions = PACKAGES.map((name) => name.split("@"));
  const is_there = ([name, version]) => {
    const file = path.join(WORK, "node_modules", name, "package.json");
    return fs.existsSync(file) && JSON.parse(fs.readFileSync(file)).version === version;
  };
  if (!versions.every(is_there)) {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", WORK, ...PACKAGES], { stdio: "inherit" });
  }
  if (!found()) {
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { stdio: "inherit" });
  }
  const load = createRequire(path.join(WORK, "package.json"));
  return { chromium: load("playwright-core").chromium, axe: load("axe-core").source };
}

/** A browser with a profile of its own; the caller closes it. */
export const launch = (chromium) => chromium.launch({ executablePath: found(), args: FLAGS });

/** Runs trentcheck and gives its output. Exit codes of verdicts are no failure. */
export function trentcheck(binary, ...args) {
  try {
    const output = { cwd: WORK, encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, CLICOLOR_FORCE: "1" } };
    return execFileSync(path.resolve(binary), args, { ...output, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if ([1, 3].includes(error.status)) return error.stdout;
    throw new Error(`${args.join(" ")}: ${error.stderr ?? error}`);
  }
}

/** Serves a mutant while the task runs, and gives it the mutant's URL. */
export async function served(binary, mutant, task) {
  const server = spawn(path.resolve(binary), ["serve", "--mutant", mutant], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const url = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the mutant does not listen")), 30_000);
      let text = "";
      server.stdout.on("data", (data) => {
        text += data;
        const line = /listening on (\S+)\n/.exec(text);
        if (line) { clearTimeout(late); resolve(line[1]); }
      });
      server.on("exit", () => reject(new Error("the mutant ended")));
    });
    return await task(url);
  } finally {
    server.kill();
  }
}

/** Writes a report as JSON and as a page, and gives the page's URL. */
export function page(binary, name, ...reports) {
  const files = reports.map((report, number) => {
    const file = path.join(WORK, `${name}-${number}.json`);
    fs.writeFileSync(file, JSON.stringify(report));
    return file;
  });
  const file = path.join(WORK, `${name}.html`);
  trentcheck(binary, "report", `html=${file}`, ...files);
  return pathToFileURL(file).href;
}

export const read = (name) => JSON.parse(fs.readFileSync(path.join(WORK, name)));
