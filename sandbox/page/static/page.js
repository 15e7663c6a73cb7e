// The page's only script. The server draws; this brings what it drew up to date without disturbing what
// somebody is typing, and sends what people do. It asks nothing of any other host.
"use strict";

const byId = (id) => document.getElementById(id);
const shown = {}; // what the server drew last, by region
let last = Number(document.body.dataset.last);
let run = document.body.dataset.run;
let asking = null; // the question that waits for news

const here = () => new URLSearchParams(location.search);
const me = () => document.querySelector("#sidebar a[aria-current=true].person")?.search.match(/as=(\w+)/)[1];

// ── Drawing: make one tree like another, keeping the elements that stay ─────────────────────────────

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE && node.id ? node.id : null;
}

function alike(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.dataset && "local" in old.dataset) return; // belongs to this window, not to the server
  for (const { name } of [...old.attributes]) {
    if (name === "open" || fresh.hasAttribute(name)) continue;
    old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // What was typed or chosen stays: `value` and `checked` are the person's as soon as the element is there.
  if (old.matches("input[data-switch]")) old.checked = fresh.hasAttribute("checked");
  if (old.nodeName === "TEXTAREA") return;
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  for (const want of [...fresh.childNodes]) {
    const key = keyOf(want);
    let found = null;
    if (key) {
      for (let each = at; each && !found; each = each.nextSibling) if (alike(each, want)) found = each;
    } else if (at && alike(at, want)) {
      found = at;
    }
    if (found) {
      while (at !== found) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      at = found.nextSibling;
      morph(found, want);
    } else {
      old.insertBefore(document.importNode(want, true), at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function draw(name, html) {
  if (shown[name] === html) return;
  shown[name] = html;
  const region = byId(name);
  const fresh = document.createElement(region.nodeName);
  fresh.innerHTML = html;
  morphChildren(region, fresh);
  if (name !== "modal") return;
  showModal();
  focusFirstMistake();
}

const logs = () => [...document.querySelectorAll(".scroll[role=log]")];
const met = new WeakSet();

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
const lastSaid = (log) => [...log.querySelectorAll("article.message")].pop()?.id;
const newerOf = (log) => log.parentElement.querySelector(":scope > .newer");

/** Who reads further up is told that something came, and is left where they are. */
function tellOfNewer(before) {
  for (const log of logs()) {
    const newer = newerOf(log);
    if (newer && before.has(log) && before.get(log) !== lastSaid(log) && !isAtEnd(log)) newer.hidden = false;
  }
}

function toTheEnd(beside) {
  const log = beside.parentElement.querySelector(":scope > .scroll[role=log]");
  if (log) log.scrollTop = log.scrollHeight;
}

document.addEventListener("scroll", (event) => {
  const log = event.target;
  if (log.matches?.(".scroll[role=log]") && isAtEnd(log) && newerOf(log)) newerOf(log).hidden = true;
}, true);

/** As in Slack, a channel opens where one left off, or at the message of its address. */
function begin(log) {
  const asked = location.hash && byId(location.hash.slice(1));
  if (asked) return asked.scrollIntoView({ block: "center" });
  const first = log.dataset.leftOff && byId(log.dataset.leftOff);
  if (!first || first.offsetTop - log.offsetTop >= log.scrollTop) return;
  log.scrollTop = first.offsetTop - log.offsetTop - 44; // the heading of its day is seen too
  if (newerOf(log)) newerOf(log).hidden = isAtEnd(log);
}

/** Who was at the end of a channel stays there. */
function stayAtTheEnd(ends) {
  for (const each of logs()) {
    if (ends.includes(each) || !met.has(each)) each.scrollTop = each.scrollHeight;
    if (!met.has(each)) begin(each);
    met.add(each);
  }
}

function drawAll(told) {
  last = told.last;
  if (told.run !== run) {
    location.reload();
    return;
  }
  document.title = `${told.title} · hitl sandbox`;
  const ends = logs().filter(isAtEnd);
  const before = new Map(logs().map((each) => [each, lastSaid(each)]));
  for (const [name, html] of Object.entries(told.regions || {})) draw(name, html);
  document.body.classList.toggle("has-aside", byId("aside").childElementCount > 0);
  document.body.classList.toggle("offline", false);
  stayAtTheEnd(ends);
  tellOfNewer(before);
  const badges = document.querySelectorAll("#sidebar .badge:not(.storm)").length;
  if (badges) document.title = `(${badges}) ${document.title}`;
}

// ── News: one question that waits at the server, asked again after each answer ──────────────────────

async function ask(after) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const query = here();
  query.set("after", after);
  query.set("run", run);
  try {
    const answer = await fetch(`/page/live?${query}`, { signal: mine.signal });
    if (!answer.ok) throw new Error(`the page was answered ${answer.status}`);
    const told = await answer.json();
    if (mine === asking) drawAll(told);
  } catch (error) {
    if (mine.signal.aborted) return;
    document.body.classList.add("offline");
    await new Promise((done) => setTimeout(done, 1000));
  }
  if (mine === asking && !document.hidden) ask(last);
}

function goTo(url) {
  history.pushState(null, "", url);
  closeMenus();
  document.body.classList.remove("sidebar-open");
  for (const name of Object.keys(shown)) delete shown[name];
  announceHome();
  ask(-1); // whatever number the server is at, it is another one: it answers at once
}

function announceHome() {
  if (here().get("at") === "home") send("open_home", {});
}

window.addEventListener("popstate", () => ask(-1));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) asking?.abort();
  else ask(last);
});

// ── Doing ───────────────────────────────────────────────────────────────────────────────────────────

async function send(what, args) {
  const body = JSON.stringify({ user: me(), ...args });
  try {
    const answer = await fetch(`/page/do/${what}`, { method: "POST", body });
    return await answer.json();
  } catch (error) {
    return { error: "The sandbox does not answer. Does it still run?" };
  }
}

function complain(words, beside) {
  const place = beside?.closest(".message, .view, .home")?.querySelector("[data-local]");
  const said = document.createElement("p");
  said.className = "trouble-said";
  said.setAttribute("role", "alert");
  said.textContent = `⚠ ${words}`;
  if (place) place.replaceChildren(said);
  else byId("toasts").replaceChildren(said);
  setTimeout(() => said.remove(), 8000);
}

function placeOf(element) {
  const place = element.closest("[data-place]");
  if (!place) return {};
  if (place.dataset.place === "message") return { channel: place.dataset.channel, ts: place.dataset.ts };
  if (place.dataset.place === "view") return { view: place.dataset.view, values: valuesIn(place) };
  return {};
}

async function use(element, value) {
  if (!(await confirmed(element))) return;
  if (element.dataset.url) window.open(element.dataset.url, "_blank", "noreferrer");
  closeMenus();
  element.setAttribute("aria-busy", "true");
  const args = { ...placeOf(element), action: element.dataset.action, block: element.dataset.block, value };
  const told = await send("click", args);
  element.removeAttribute("aria-busy");
  if (told.error) complain(told.error, element);
}

function valueOf(element) {
  const kind = element.dataset.kind;
  if (kind === "options") return [...element.querySelectorAll("input:checked")].map((each) => each.value);
  if (kind === "option" && element.nodeName !== "SELECT") {
    return element.querySelector("input:checked")?.value ?? null;
  }
  return element.value === "" ? null : element.value;
}

function valuesIn(form) {
  const values = {};
  for (const each of form.querySelectorAll("[data-key]")) values[each.dataset.key] = valueOf(each);
  return values;
}

async function submit(form) {
  const button = form.querySelector("[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  const told = await send("submit", { view: form.dataset.view, values: valuesIn(form) });
  button.disabled = false;
  if (told.error) complain(told.error, form);
  mistakesToShow = Boolean(told.errors && Object.keys(told.errors).length);
  if (mistakesToShow) focusFirstMistake();
}

let mistakesToShow = false; // they are drawn when the news comes, before or after the answer

function focusFirstMistake() {
  const wrong = byId("modal").querySelector("[aria-invalid=true]");
  if (!wrong || !mistakesToShow) return;
  mistakesToShow = false;
  (wrong.matches("input, select, textarea") ? wrong : wrong.querySelector("input"))?.focus();
  wrong.closest(".b-input")?.scrollIntoView({ block: "nearest" });
}

async function leave(every) {
  const form = byId("modal").querySelector("form");
  if (!form) return;
  const told = await send("close", { view: form.dataset.view, every });
  if (told.error) complain(told.error, form);
}

// ── Dialogs and menus ───────────────────────────────────────────────────────────────────────────────

let modalShown = null;

function showModal() {
  const modal = byId("modal");
  const form = modal.querySelector("form");
  if (!form) {
    if (modal.open) modal.close();
    modalShown = null;
    return;
  }
  if (!modal.open) modal.showModal();
  const asks = "[data-key]:not(.choices), [data-key] input";
  if (modalShown !== form.id || document.activeElement === modal || document.activeElement === document.body) {
    const field = form.querySelector("[data-focus]") || form.querySelector(asks);
    (field || form.querySelector("[type=submit]") || form.querySelector("[data-do=back]"))?.focus();
  }
  modalShown = form.id;
}

byId("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  leave(true);
});

// A second Escape closes a dialog whatever the script says; the modal is open as long as the server says so.
byId("modal").addEventListener("close", showModal);

function confirmed(element) {
  const asked = element.closest(".holds")?.querySelector("template.confirmation");
  if (!asked) return Promise.resolve(true);
  const dialog = byId("confirm");
  dialog.replaceChildren(asked.content.cloneNode(true));
  dialog.showModal();
  dialog.querySelector("[data-answer=yes]").focus();
  return new Promise((answer) => {
    dialog.onclick = (event) => {
      const said = event.target.closest("[data-answer]");
      if (!said) return;
      dialog.returnValue = said.dataset.answer;
      dialog.close(said.dataset.answer);
    };
    dialog.onclose = () => {
      answer(dialog.returnValue === "yes");
      dialog.returnValue = "";
    };
  });
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.open = false;
}

// ── What people do with mouse and keys ──────────────────────────────────────────────────────────────

const deeds = {
  leave: () => leave(true),
  back: () => leave(false),
  all_off: () => send("all_off", {}),
  dismiss: (it) => send("dismiss", { channel: it.dataset.channel, ts: it.dataset.ts }),
  to_the_end: (it) => toTheEnd(it.closest(".newer")),
  lever: (it) => send("lever", { agent: it.dataset.agent, words: it.dataset.words }),
  open_app: async () => {
    const told = await send("open_app", {});
    const query = here();
    query.set("at", told.at);
    goTo(`/?${query}`);
  },
};

document.addEventListener("click", async (event) => {
  closeMenus(event.target.closest("details.menu"));
  if (event.target.closest("#burger")) {
    const open = document.body.classList.toggle("sidebar-open");
    byId("burger").setAttribute("aria-expanded", open);
    if (open) byId("sidebar").querySelector("a, summary")?.focus();
    return;
  }
  if (!event.target.closest("#sidebar")) document.body.classList.remove("sidebar-open");
  const link = event.target.closest("a[data-nav]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    goTo(link.href);
    return;
  }
  const deed = event.target.closest("button[data-do]");
  if (deed) {
    const told = await deeds[deed.dataset.do](deed);
    if (told?.error) complain(told.error, deed);
    return;
  }
  const button = event.target.closest("button[data-action]");
  if (button) use(button, button.dataset.value);
});

document.addEventListener("change", async (event) => {
  if (event.target.matches("[data-switch]")) {
    const told = await send("switch", { name: event.target.dataset.switch, on: event.target.checked });
    if (told.error) complain(told.error);
    return;
  }
  const element = event.target.closest("[data-key][data-live]");
  if (element) use(element, valueOf(element));
});

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches(".view")) submit(form);
  if (form.matches(".composer")) {
    const box = form.querySelector("textarea");
    const text = box.value;
    box.value = "";
    fit(box);
    closeSuggestions();
    toTheEnd(form); // what one says, and its answer, is what one wants to see
    const told = await send("send", { channel: form.dataset.channel, thread: form.dataset.thread, text });
    if (told.error) {
      complain(told.error);
      if (!box.value) box.value = text;
    }
  }
});

// ── Completing commands, people and channels while somebody writes ──────────────────────────────────

const listOf = (box) => box.form.querySelector(".suggested");
const MOST_SUGGESTED = 8;

/** What is being typed before the cursor: a command at the very beginning, or a name anywhere. */
function begun(box) {
  if (box.selectionStart !== box.selectionEnd) return null;
  const typed = box.value.slice(0, box.selectionStart);
  return (typed.match(/^\/[\w-]*$/) || typed.match(/(?<=^|\s)[@#][\w.-]*$/))?.[0] ?? null;
}

function suggest(box) {
  const list = listOf(box);
  const word = begun(box)?.toLowerCase();
  const fits = ([name, words]) => {
    const more = word.slice(1);
    const byWords = more && name[0] === word[0] && ` ${words.toLowerCase()}`.includes(` ${more}`);
    return name.toLowerCase().startsWith(word) || byWords;
  };
  const found = word ? JSON.parse(box.form.dataset.names).filter(fits).slice(0, MOST_SUGGESTED) : [];
  const complete = found.length === 1 && found[0][0].toLowerCase() === word;
  list.hidden = !found.length || complete;
  box.setAttribute("aria-expanded", !list.hidden);
  list.replaceChildren(...(list.hidden ? [] : found).map(([name, words], place) => {
    const line = document.createElement("li");
    line.id = `${list.id}-${place}`;
    line.setAttribute("role", "option");
    line.dataset.name = name;
    const said = document.createElement("b");
    said.textContent = name;
    const means = document.createElement("small");
    means.textContent = words;
    line.append(said, means);
    return line;
  }));
  choose(box, list.hidden ? -1 : 0);
}

function choose(box, place) {
  const lines = [...listOf(box).children];
  const at = lines.length ? (place + lines.length) % lines.length : -1;
  lines.forEach((line, number) => line.setAttribute("aria-selected", number === at));
  if (at < 0) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", lines[at].id);
  lines[at]?.scrollIntoView({ block: "nearest" });
}

function complete(box, name) {
  const from = box.selectionStart - begun(box).length;
  box.setRangeText(`${name} `, from, box.selectionStart, "end");
  closeSuggestions();
  box.focus();
}

function closeSuggestions() {
  for (const list of document.querySelectorAll(".suggested:not([hidden])")) {
    list.hidden = true;
    list.replaceChildren();
    const box = list.parentElement.querySelector("textarea");
    box.setAttribute("aria-expanded", false);
    box.removeAttribute("aria-activedescendant");
  }
}

/** True when the key was for the suggestions. */
function keyForSuggestions(event, box) {
  const lines = [...listOf(box).children];
  if (listOf(box).hidden || event.isComposing) return false;
  const now = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(box, now + 1);
  else if (event.key === "ArrowUp") choose(box, now - 1);
  else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey)) {
    complete(box, lines[now].dataset.name);
  } else if (event.key === "Escape") closeSuggestions();
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

// Before the click takes the focus out of the box.
document.addEventListener("mousedown", (event) => {
  const line = event.target.closest(".suggested li");
  if (!line) return;
  event.preventDefault();
  complete(line.closest("form").querySelector("textarea"), line.dataset.name);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches(".composer textarea")) closeSuggestions();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.(".composer textarea");
  if (typing && keyForSuggestions(event, typing)) return;
  const box = event.target.closest?.("textarea");
  const sends = event.key === "Enter" && !event.isComposing;
  if (sends && box?.closest(".composer") && !event.shiftKey) {
    event.preventDefault();
    box.form.requestSubmit();
  }
  if (sends && box?.closest(".view") && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    box.form.requestSubmit();
  }
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      event.preventDefault();
      event.stopPropagation();
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (!byId("modal").open && !byId("confirm").open) {
      if (document.body.classList.contains("sidebar-open")) document.body.classList.remove("sidebar-open");
      else byId("aside").querySelector("[data-close]")?.click();
    }
  }
  const items = event.target.closest?.(".menu")?.querySelectorAll(".menu-items button, .menu-items a");
  if (items && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    event.target.closest("details").open = true;
    const now = [...items].indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? now + 1 : now < 0 ? items.length - 1 : now - 1;
    items[(next + items.length) % items.length].focus();
  }
}, true);

document.addEventListener("toggle", async (event) => {
  const entry = event.target;
  if (!entry.open || !entry.dataset.entry) return;
  const answer = await fetch(entry.dataset.entry);
  entry.querySelector("[data-local]").innerHTML = await answer.text();
}, true);

function fit(box) {
  box.rows = Math.min(8, box.value.split("\n").length);
}
document.addEventListener("input", (event) => {
  if (!event.target.matches(".composer textarea")) return;
  fit(event.target);
  suggest(event.target);
});

// ── Begin ───────────────────────────────────────────────────────────────────────────────────────────

stayAtTheEnd([]);
document.body.classList.toggle("has-aside", byId("aside").childElementCount > 0);
showModal();
announceHome();
ask(last);
