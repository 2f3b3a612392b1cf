// Makes the phone page live. Without it every form still works by a full page load.
//
// One idea: the server draws, this module fetches the page again and puts in what changed.
// Regions carry data-swap; lists in them carry data-keyed and are merged item by item, so that
// screen readers hear only what is new and an open list stays open.

const STREAM = "/phone/live";
const POLL_MS = 3000;
const CALM_MS = 80;

const drawn = new WeakMap(); // element -> the HTML the server sent for it
let last = document.body.dataset.last;
let source = null;
let polling = 0;
let waiting = 0;
let busy = false;
let again = false;

const regions = (root) => root.querySelectorAll("[data-swap]");
const items = (list) => [...list.children];
const html = (element) => drawn.get(element) ?? element.outerHTML;
const remember = (element) => drawn.set(element, element.outerHTML);
const say = (words) => { document.getElementById("status").textContent = words; };

function mergeList(current, fresh) {
  const known = new Map(items(current).map((item) => [item.dataset.key, item]));
  let place = current.firstElementChild;
  for (const item of items(fresh)) {
    const old = known.get(item.dataset.key);
    known.delete(item.dataset.key);
    if (old && html(old) === item.outerHTML) {
      if (old === place) place = place.nextElementSibling;
      else current.insertBefore(old, place);
      continue;
    }
    remember(item);
    if (old?.querySelector("details[open]")) item.querySelector("details")?.setAttribute("open", "");
    const next = old === place && place ? place.nextElementSibling : place;
    if (old) old.replaceWith(item);
    else current.insertBefore(item, place);
    place = next;
  }
  known.forEach((item) => item.remove());
}

function swap(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const focused = document.activeElement?.id;
  for (const fresh of regions(page)) {
    const current = document.querySelector(`[data-swap="${fresh.dataset.swap}"]`);
    if (!current) continue;
    if ("keyed" in fresh.dataset) mergeList(current, fresh);
    else if (html(current) !== fresh.outerHTML) {
      remember(fresh);
      current.replaceWith(fresh);
    }
  }
  last = page.body.dataset.last ?? last;
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) swap(await answer.text());
  } catch {
    say("The sandbox does not answer. Trying again.");
  }
  busy = false;
  if (again) { again = false; soon(); }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, CALM_MS);
}

async function submit(event) {
  const form = event.target.closest("form[data-live]");
  if (!form) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const typed = form.querySelector("input[name=body]");
  if (typed) typed.value = "";
  event.submitter?.setAttribute("aria-disabled", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) say(`Refused with ${answer.status}.`);
  } catch {
    if (typed && !typed.value) typed.value = fields.get("body");
    say("Not sent: the sandbox does not answer.");
  }
  event.submitter?.removeAttribute("aria-disabled");
  soon();
}

function listen() {
  if (source || document.hidden) return;
  source = new EventSource(`${STREAM}?after=${last}`);
  source.onmessage = soon;
  source.onopen = () => { clearInterval(polling); polling = 0; };
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    polling ||= setInterval(() => { if (!document.hidden) refresh(); }, POLL_MS);
  };
}

function rest() {
  source?.close();
  source = null;
  if (!document.hidden) { refresh(); listen(); }
}

for (const region of regions(document)) {
  remember(region);
  if ("keyed" in region.dataset) items(region).forEach(remember);
}
document.addEventListener("submit", submit);
document.addEventListener("visibilitychange", rest);
addEventListener("pagehide", () => source?.close());
setInterval(() => { if (!document.hidden) refresh(); }, 30000); // the window counts down
listen();
