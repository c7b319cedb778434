// Keeps an open page true: listens to what happens, fetches the page again, and swaps the parts that changed.
// Without this module every page works; it only has to be loaded again.

const status = document.getElementById("live");
const parts = () => document.querySelectorAll("[data-live]");
let due = 0;
let busy = false;

// Somebody is typing here, or has typed something that is not sent yet.
function inUse(part) {
  const typed = [...part.querySelectorAll("input:not([type=hidden]), textarea")];
  return typed.some((field) => field === document.activeElement || field.value !== field.defaultValue);
}

function swap(old, fresh) {
  if (old.innerHTML === fresh.innerHTML || inUse(old)) return;
  const open = new Set([...old.querySelectorAll("details[open][id]")].map((each) => each.id));
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = [...old.querySelectorAll("pre.long")].map((each) => each.scrollTop);
  old.replaceChildren(...fresh.childNodes);
  for (const each of old.querySelectorAll("details[id]")) each.open = open.has(each.id);
  old.querySelectorAll("pre.long").forEach((each, index) => (each.scrollTop = scrolled[index] ?? 0));
  if (focus?.getAttribute("href")) {
    const again = [...old.querySelectorAll("a")].find((a) => a.getAttribute("href") === focus.getAttribute("href"));
    again?.focus({ preventScroll: true });
  }
}

async function refresh() {
  due = 0;
  if (busy || document.hidden) return later(1000);
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts()) {
      const same = fresh.getElementById(part.id);
      if (same) swap(part, same);
    }
    status.textContent = "";
  } catch {
    lost();
  } finally {
    busy = false;
  }
}

// Many events at once are one look.
function later(wait) {
  if (!due) due = setTimeout(refresh, wait);
}

function lost() {
  status.textContent = "connection lost, retrying";
}

// Read by hand and not by EventSource, which hears only the kinds of events that it is told by name.
async function listen(after) {
  try {
    const stream = await fetch("/v1/events?after=" + after, { headers: { accept: "text/event-stream" } });
    if (stream.status === 401) return location.reload();
    if (!stream.ok) throw new Error(stream.statusText);
    if (status.textContent) later(0);
    const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const lines = (rest + piece.value).split("\n");
      rest = lines.pop();
      for (const line of lines.filter((each) => each.startsWith("id: "))) {
        after = line.slice(4);
        later(150);
      }
    }
  } catch {
    // Told below: a stream that ends is a stream that was lost.
  }
  lost();
  setTimeout(listen, 2000, after);
}

if (parts().length) {
  listen(document.documentElement.dataset.head);
  // Times are told as "3 min ago": look again now and then.
  setInterval(() => later(0), 30000);
}
