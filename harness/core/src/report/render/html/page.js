// Filters, links to cases, buttons that copy. Text is only read and compared; no markup is made.
"use strict";
{
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = one("#filters");
  const cases = all("details.case");
  const folders = [...all(".piece"), ...all("section.group")];
  const NAMES = ["outcome", "level", "group", "cause", "text"];
  document.documentElement.classList.add("scripted");
  form.hidden = false;

  // The text of a case, read once and only if somebody looks for text.
  const texts = new Map();
  const textOf = (element) => {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  };

  const filters = () => {
    const data = new FormData(form);
    return Object.fromEntries(NAMES.map((name) => [name, data.getAll(name).filter(Boolean)]));
  };

  function fits(element, { outcome, level, group, cause, text }) {
    const has = (wanted, values) => !wanted.length || values.split(" ").some((value) => wanted.includes(value));
    const words = text.join(" ").toLowerCase().split(/\s+/).filter(Boolean);
    return has(outcome, element.dataset.outcome) && has(level, element.dataset.level)
      && has(cause, element.dataset.cause) && (!group.length || group.includes(element.closest("section").dataset.group))
      && words.every((word) => textOf(element).includes(word));
  }

  function apply() {
    const wanted = filters();
    let count = 0;
    for (const element of cases) {
      element.hidden = !fits(element, wanted);
      if (!element.hidden) count += 1;
    }
    for (const folder of folders) folder.hidden = !one("details.case:not([hidden])", folder);
    one("#cases").classList.toggle("few", count <= 200);
    const whole = one("#shown").dataset.all;
    one("#shown").textContent = count === cases.length ? `${whole} cases` : `${count} of ${whole} cases`;
    one("#none").hidden = count > 0;
  }

  // The filters are kept in the fragment, so that a link shows the same cases.
  function remember() {
    const kept = new URLSearchParams();
    for (const [name, values] of Object.entries(filters())) for (const value of values) kept.append(name, value);
    history.replaceState(null, "", String(kept) ? `#${kept}` : location.pathname + location.search);
  }

  function recall(fragment) {
    const kept = new URLSearchParams(fragment);
    for (const box of all("input[name=outcome]", form)) box.checked = kept.getAll("outcome").includes(box.value);
    for (const name of ["level", "group", "cause", "text"]) {
      const field = form.elements.namedItem(name);
      field.value = kept.get(name) ?? "";
      if (field.selectedIndex === -1) field.value = "";
    }
  }

  function open(element) {
    if (element.hidden) {
      form.reset();
      apply();
    }
    element.open = true;
    element.scrollIntoView();
    one("summary", element).focus({ preventScroll: true });
    // What was laid out on the way may have another size than was thought.
    requestAnimationFrame(() => element.scrollIntoView());
  }

  function follow() {
    const fragment = location.hash.slice(1);
    let id = fragment;
    try {
      id = decodeURIComponent(fragment);
    } catch {
      // A fragment that somebody cut names nothing.
    }
    const element = id.startsWith("case:") ? document.getElementById(id) : null;
    if (element?.matches("details.case")) return open(element);
    if (NAMES.some((name) => fragment.startsWith(`${name}=`))) {
      recall(fragment);
      apply();
      one("#cases").scrollIntoView();
    }
  }

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { apply(); remember(); }, 80);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  addEventListener("hashchange", follow);
  // A link to the case that the fragment names already.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) setTimeout(follow);
  });

  // A slash leads to the search, as on many pages.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
    event.preventDefault();
    form.elements.namedItem("text").focus();
  });

  async function copy(button) {
    const code = one("code", button.parentElement);
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      done = document.execCommand("copy");
    }
    button.classList.toggle("done", done);
    one("#said").textContent = done ? "Copied" : "Select the line and copy it";
    setTimeout(() => { button.classList.remove("done"); one("#said").textContent = ""; }, 1500);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.copy");
    if (button) copy(button);
  });

  // On paper nothing can be opened: what diverges and is shown is printed whole.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = cases.filter((element) => !element.hidden && !element.open && /diverges|stale/.test(element.dataset.outcome));
    for (const element of opened) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
  });

  follow();
}
