// The page of `make slack-demo`: shows what the fake Slack keeps, and tells it what is clicked.

import { drawBlocks, make, mrkdwn } from "/page/blocks.js";

const at = (id) => document.getElementById(id);
const view = { person: "U0ALICE", channel: null, tab: "messages", thread: null, json: null };
let state = null;
let version = -1;

const HINTS = {
  im: "Enter sends, Shift+Enter starts a new line. /preceptor works here too.",
  mpim: "Mention @preceptor, or type /preceptor and a question.",
  channel: "Mention @preceptor, or type /preceptor and a question: only you see that answer.",
};

async function act(what) {
  const answer = await fetch("/demo/act", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ person: view.person, ...what }),
  });
  if (!answer.ok) at("status").textContent = (await answer.json()).error;
}

async function poll() {
  try {
    const answer = await fetch(`/demo/state?person=${view.person}&seen=${version}`);
    if (answer.status === 200) {
      state = await answer.json();
      version = state.version;
      draw();
    }
  } catch {
    at("status").textContent = "The demonstration has ended; start it again with make slack-demo.";
  }
  setTimeout(poll, 250);
}

const place = () => state.places.find((each) => each.id === view.channel);
const here = () => state.messages.filter((message) => message.channel === view.channel);

function draw() {
  view.channel ??= state.places.find((each) => each.kind === "im").id;
  at("team").textContent = state.team;
  drawPlaces();
  drawMain();
  drawRight();
  drawModal();
}

function drawPlaces() {
  const box = at("places");
  box.replaceChildren();
  for (const [title, kinds] of [["Channels", ["channel"]], ["Direct messages", ["im", "mpim"]]]) {
    box.append(make("h3", "", title));
    for (const each of state.places.filter((one) => kinds.includes(one.kind))) {
      const node = make("button", "", (each.kind === "channel" ? "# " : "") + each.name);
      node.type = "button";
      if (each.id === view.channel) node.setAttribute("aria-current", "true");
      node.addEventListener("click", () => go({ channel: each.id, tab: "messages", thread: null, json: null }));
      box.append(node);
    }
  }
}

function go(changes) {
  Object.assign(view, changes);
  if (view.tab === "home") act({ do: "home" });
  draw();
  at("messages").scrollTop = at("messages").scrollHeight;
  if (view.json) at("right-body").scrollTop = 0;
  if (view.thread) at("right-body").scrollTop = at("right-body").scrollHeight;
}

function drawMain() {
  const where = place();
  at("place-name").textContent = (where.kind === "channel" ? "# " : "") + where.name;
  const tabs = at("tabs");
  tabs.replaceChildren();
  if (where.kind === "im") {
    for (const [tab, title] of [["home", "Home"], ["messages", "Messages"]]) {
      const node = make("button", "", title);
      node.type = "button";
      node.setAttribute("aria-pressed", String(view.tab === tab));
      node.addEventListener("click", () => go({ tab }));
      tabs.append(node);
    }
    const node = make("button", "", "New chat");
    node.type = "button";
    node.addEventListener("click", () => act({ do: "assistant" }));
    tabs.append(node);
  }
  const form = document.querySelector(".composer");
  const home = view.tab === "home" && where.kind === "im";
  form.hidden = home;
  at("hint").textContent = HINTS[where.kind];
  at("text").placeholder = where.kind === "im" ? "Message Preceptor" : `Message ${where.kind === "channel" ? "#" : ""}${where.name}`;
  const box = at("messages");
  const below = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  if (home) {
    const tell = (click) => act({ do: "click-home", ...click });
    box.replaceChildren(make("div", "home", state.home
      ? drawBlocks(state.home.blocks, tell, state.names)
      : make("p", "empty", "The app publishes its Home tab …")));
  } else {
    const shown = here().filter((message) => !message.thread_ts || message.thread_ts === message.ts);
    fill(box, shown.map((message) => drawMessage(message, true)),
      where.kind === "im" ? "Say hello, or ask about an internship." : "Mention @preceptor in a message; the answer comes in its thread.");
    if (below) box.scrollTop = box.scrollHeight;
  }
  at("status").textContent = home ? "" : statusOf(null);
  const prompts = at("prompts");
  prompts.replaceChildren();
  const offer = !home && where.kind === "im" && !here().some((message) => message.user === view.person);
  for (const prompt of offer ? state.prompts[view.channel] ?? [] : []) {
    const node = make("button", "button", prompt.title);
    node.type = "button";
    node.addEventListener("click", () => say(prompt.message, lastAssistantThread()));
    prompts.append(node);
  }
}

function fill(box, nodes, empty) {
  box.replaceChildren(...(nodes.length ? nodes : [make("p", "empty", empty)]));
}

function statusOf(thread) {
  if (!state.connected) return "The app is not connected (yet).";
  const status = state.statuses.find((each) => each.channel === view.channel && (!thread || each.thread === thread));
  return status?.text ? `Preceptor ${status.text}` : "";
}

const lastAssistantThread = () => here().findLast((message) => message.text === "New chat")?.ts ?? null;

function drawMessage(message, withThread) {
  const box = make("div", message.ephemeral ? "message ephemeral" : "message");
  const name = state.names[message.user] ?? message.user;
  const tell = (click) => act({ do: "click", channel: message.channel, ts: message.ts, ...click });
  const body = message.blocks.length
    ? drawBlocks(message.blocks, tell, state.names)
    : [mrkdwn(message.text, state.names)];
  const time = new Date(Number(message.ts) * 1000).toTimeString().slice(0, 5);
  const tools = make("div", "tools");
  const tool = (label, run) => {
    const node = make("button", "", label);
    node.type = "button";
    node.addEventListener("click", run);
    tools.append(node);
  };
  if (!message.ephemeral && withThread) tool("Reply in thread", () => go({ thread: message.ts, json: null }));
  if (!message.bot) for (const each of state.shortcuts) {
    tool(each.name, () => act({ do: "shortcut", channel: message.channel, ts: message.ts, callback_id: each.callback_id }));
  }
  if (message.bot) tool("JSON", () => go({ json: message.ts, thread: null }));
  const what = make("div", "what",
    make("div", "who", make("b", "", name), message.bot ? make("span", "badge", "APP") : null,
      make("span", "time", time + (message.edited ? " (edited)" : ""))),
    message.ephemeral ? make("div", "only", "👁 Only visible to you") : null, body);
  const replies = here().filter((each) => each.thread_ts === message.ts && each.ts !== message.ts);
  if (withThread && replies.length) {
    const node = make("button", "replies", `${replies.length} ${replies.length > 1 ? "replies" : "reply"}`);
    node.type = "button";
    node.addEventListener("click", () => go({ thread: message.ts, json: null }));
    what.append(node);
  }
  box.append(make("div", message.bot ? "face app" : "face", message.bot ? "P" : name[0]), what, tools);
  return box;
}

function drawRight() {
  const right = at("right");
  right.hidden = !view.thread && !view.json;
  at("thread-form").hidden = !view.thread;
  if (view.thread) {
    at("right-name").textContent = "Thread";
    const box = at("right-body");
    const below = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    const shown = here().filter((message) => [message.ts, message.thread_ts].includes(view.thread));
    fill(box, shown.map((message) => drawMessage(message, false)), "");
    const status = statusOf(view.thread);
    if (status) box.append(make("div", "status", status));
    if (below) box.scrollTop = box.scrollHeight;
  } else if (view.json) {
    const message = here().find((each) => each.ts === view.json);
    at("right-name").textContent = "Block Kit";
    if (!message) return;
    const shown = JSON.stringify({ blocks: message.blocks.map(withoutId) }, null, 2);
    const copy = make("button", "button", "Copy");
    copy.type = "button";
    copy.addEventListener("click", () => navigator.clipboard.writeText(shown));
    at("right-body").replaceChildren(make("div", "json",
      make("p", "", "Paste it into Slack's Block Kit Builder to see it as Slack draws it."), copy,
      make("pre", "", shown),
      make("p", "", "Its plain text, for notifications and screen readers:"),
      make("pre", "", message.text)));
  }
}

// The fake gave these ids; the builder gives its own.
const withoutId = (block) => {
  const { block_id: id, ...rest } = block;
  return /^b[0-9A-F]{8}$/.test(id ?? "") ? rest : block;
};

function drawModal() {
  const dialog = at("modal");
  const top = state.modals.at(-1);
  if (!top) {
    if (dialog.open) dialog.close();
    return;
  }
  if (dialog.dataset.id === top.id && dialog.open) return;
  dialog.dataset.id = top.id;
  dialog.replaceChildren(make("h2", "", top.title.text));
  const form = make("form");
  for (const block of top.blocks) {
    if (block.type !== "input") {
      form.append(...drawBlocks([block], () => {}, state.names));
      continue;
    }
    const field = make(block.element.multiline ? "textarea" : "input");
    field.name = `${block.block_id} ${block.element.action_id}`;
    field.value = block.element.initial_value ?? "";
    form.append(make("label", "", block.label.text, field));
  }
  const submit = make("button", "button primary", top.submit?.text ?? "Close");
  form.append(make("div", "actions", submit));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act({ do: "submit", view: top.id, fields: Object.fromEntries(new FormData(form)) });
  });
  dialog.append(form);
  dialog.addEventListener("cancel", () => act({ do: "close", view: top.id }), { once: true });
  if (!dialog.open) dialog.showModal();
}

function say(text, thread) {
  const command = /^\/preceptor\b\s*(.*)$/s.exec(text);
  if (command) return act({ do: "command", channel: view.channel, text: command[1] });
  return act({ do: "say", channel: view.channel, thread_ts: thread, text });
}

function composer(form, field, thread) {
  const send = () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    say(text, thread());
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
}

composer(document.querySelector(".composer"), at("text"), () => null);
composer(at("thread-form"), at("thread-text"), () => view.thread);
at("close").addEventListener("click", () => go({ thread: null, json: null }));
at("person").addEventListener("change", (event) => {
  Object.assign(view, { person: event.target.value, channel: null, thread: null, json: null });
  version = -1;
});
const people = await (await fetch("/demo/people")).json();
for (const [id, name] of Object.entries(people)) at("person").append(new Option(name, id));
poll();
