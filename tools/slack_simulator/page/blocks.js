// Draws Block Kit about as Slack does. Texts become text nodes, never HTML.

const EMOJI = {
  wave: "👋", mag: "🔍", star: "⭐", thumbsup: "👍", thumbsdown: "👎", "+1": "👍", "-1": "👎",
  white_check_mark: "✅", heavy_check_mark: "✔️", warning: "⚠️", bulb: "💡", hospital: "🏥",
  earth_africa: "🌍", round_pushpin: "📍", calendar: "📅", moneybag: "💰", house: "🏠",
  speech_balloon: "💬", sos: "🆘", telephone_receiver: "📞", books: "📚", link: "🔗",
  sparkles: "✨", heart: "❤️", globe_with_meridians: "🌐", stethoscope: "🩺", memo: "📝",
};

export function make(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  for (const child of children.flat()) if (child != null) node.append(child);
  return node;
}

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
const safe = (address) => /^(https?:|mailto:|tel:)/i.test(address);

function link(address, label) {
  const target = unescape(address);
  if (!safe(target)) return document.createTextNode(label);
  const node = make("a", "", label);
  node.href = target;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  return node;
}

// One line of mrkdwn: links and mentions first, then bold, italics, strike and code.
const MRKDWN = [
  [/<(https?:\/\/[^|>]+|mailto:[^|>]+|tel:[^|>]+)(?:\|([^>]*))?>/, (m) => link(m[1], unescape(m[2] ?? m[1]))],
  [/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/, (m, names) => make("span", "mention", "@" + (names[m[1]] ?? m[1]))],
  [/<#(C[A-Z0-9]+)(?:\|([^>]*))?>/, (m) => make("span", "mention", "#" + (m[2] || m[1]))],
  [/<!(channel|here|everyone)(?:\|[^>]*)?>/, (m) => make("span", "everybody", "@" + m[1])],
  [/`([^`\n]+)`/, (m) => make("code", "", unescape(m[1]))],
  [/(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])/, (m, names) => make("strong", "", inline(m[1], MRKDWN, names))],
  [/(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])/, (m, names) => make("em", "", inline(m[1], MRKDWN, names))],
  [/(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])/, (m, names) => make("s", "", inline(m[1], MRKDWN, names))],
];
// One line of the markdown block.
const MARKDOWN = [
  [/\[([^\]]+)\]\((\S+?)\)/, (m, names) => {
    const node = link(m[2], "");
    if (node.append) node.append(...inline(m[1], MARKDOWN, names));
    return node;
  }],
  [/<(https?:\/\/[^>]+)>/, (m) => link(m[1], m[1])],
  [/https?:\/\/[^\s)>\]]+[^\s)>\].,;:]/, (m) => link(m[0], m[0])],
  [/`([^`\n]+)`/, (m) => make("code", "", m[1])],
  [/\*\*(\S(?:.*?\S)?)\*\*/, (m, names) => make("strong", "", inline(m[1], MARKDOWN, names))],
  [/(?<![\w*])[*_](\S(?:[^*_\n]*\S)?)[*_](?![\w*])/, (m, names) => make("em", "", inline(m[1], MARKDOWN, names))],
  [/\\([\\`*_{}[\]()#+\-.!|<>~&])/, (m) => document.createTextNode(m[1])],
];

function inline(text, rules, names) {
  const nodes = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, draw] of rules) {
      const match = pattern.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { match, draw };
    }
    const plain = first ? rest.slice(0, first.match.index) : rest;
    if (plain) nodes.push(document.createTextNode(emoji(unescape(plain))));
    if (!first) break;
    nodes.push(first.draw(first.match, names));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  return nodes;
}

export function mrkdwn(text, names) {
  const box = make("div", "text");
  for (const [number, part] of text.split("```").entries()) {
    if (number % 2) {
      box.append(make("pre", "", unescape(part.replace(/^\n/, ""))));
      continue;
    }
    const lines = part.split("\n");
    lines.forEach((line, place) => {
      const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
      if (quote) box.append(make("blockquote", "", inline(quote[1], MRKDWN, names)));
      else box.append(...inline(line, MRKDWN, names), place < lines.length - 1 ? "\n" : "");
    });
  }
  return box;
}

export function markdown(text, names) {
  const box = make("div", "markdown");
  let list = null;
  let paragraph = null;
  for (const line of text.split("\n")) {
    const heading = /^#{1,6} (.*)$/.exec(line);
    const bullet = /^\s*[-*•+] (.*)$/.exec(line);
    const numbered = /^\s*(\d+)[.)] (.*)$/.exec(line);
    const quote = /^> ?(.*)$/.exec(line);
    if (bullet || numbered) {
      const kind = bullet ? "UL" : "OL";
      if (list?.tagName !== kind) {
        list = make(kind.toLowerCase());
        if (numbered) list.start = Number(numbered[1]);
        box.append(list);
      }
      list.append(make("li", "", inline(bullet ? bullet[1] : numbered[2], MARKDOWN, names)));
      paragraph = null;
      continue;
    }
    if (list && /^\s{2,}\S/.test(line)) {
      list.lastChild.append(make("br"), ...inline(line.trim(), MARKDOWN, names));
      continue;
    }
    list = null;
    if (!line.trim()) paragraph = null;
    else if (heading) box.append(make("h3", "", inline(heading[1], MARKDOWN, names)));
    else if (quote) box.append(make("blockquote", "", inline(quote[1], MARKDOWN, names)));
    else if (paragraph) paragraph.append(make("br"), ...inline(line, MARKDOWN, names));
    else box.append((paragraph = make("p", "", inline(line, MARKDOWN, names))));
  }
  return box;
}

function text(object, names) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return make("div", "text", emoji(object.text));
}

function element(item, block, act, names) {
  const send = (wanted) => act({ wanted, block_id: block.block_id, action_id: item.action_id });
  if (item.type === "button") {
    const style = `button ${item.style ?? ""}`;
    const node = item.url && safe(item.url) ? make("a", style, emoji(item.text.text)) : make("button", style, emoji(item.text.text));
    if (item.accessibility_label) node.setAttribute("aria-label", item.accessibility_label);
    if (item.url && safe(item.url)) {
      node.href = item.url;
      node.target = "_blank";
      node.rel = "noopener noreferrer";
    } else node.type = "button";
    node.addEventListener("click", () => {
      if (!item.url) node.disabled = true;
      send(item.action_id);
    });
    return node;
  }
  if (item.type === "static_select") {
    const node = make("select");
    const label = item.placeholder?.text ?? "Choose";
    node.setAttribute("aria-label", label);
    node.append(new Option(label, "", true, true));
    for (const group of item.option_groups ?? [{ options: item.options ?? [] }]) {
      for (const option of group.options) node.append(new Option(option.text.text, option.value));
    }
    node.addEventListener("change", () => node.value && send(node.value));
    return node;
  }
  if (item.type === "overflow") {
    const node = make("select");
    node.setAttribute("aria-label", "More");
    node.append(new Option("⋯", "", true, true));
    for (const option of item.options) node.append(new Option(option.text.text, option.value));
    node.addEventListener("change", () => node.value && send(node.value));
    return node;
  }
  if (item.type === "feedback_buttons") {
    const thumb = (side, sign) => {
      const node = make("button", "", sign);
      node.type = "button";
      node.title = item[`${side}_button`].text.text;
      node.setAttribute("aria-label", item[`${side}_button`].accessibility_label ?? node.title);
      node.addEventListener("click", () => {
        for (const other of node.parentNode.children) other.setAttribute("aria-pressed", "false");
        node.setAttribute("aria-pressed", "true");
        send(side);
      });
      return node;
    };
    return make("span", "thumbs", thumb("positive", "👍"), thumb("negative", "👎"));
  }
  if (item.type === "image") {
    const node = make("img");
    node.alt = item.alt_text;
    node.width = 20;
    return node;
  }
  return text(item, names);
}

function cell(item, names) {
  if (item.type === "raw_text") return item.text;
  if (item.type === "raw_number") return String(item.value ?? item.text);
  return richText(item, names);
}

function richText(block) {
  const part = (item) => {
    if (item.type === "link") return link(item.url, item.text || item.url);
    if (item.type === "emoji") return EMOJI[item.name] ?? `:${item.name}:`;
    const plain = document.createTextNode(item.text ?? "");
    if (item.style?.bold) return make("strong", "", plain);
    if (item.style?.italic) return make("em", "", plain);
    if (item.style?.code) return make("code", "", plain);
    return plain;
  };
  return block.elements.map((section) => {
    if (section.type === "rich_text_list") {
      return make(section.style === "ordered" ? "ol" : "ul", "",
        section.elements.map((line) => make("li", "", line.elements.map(part))));
    }
    const name = { rich_text_quote: "blockquote", rich_text_preformatted: "pre" }[section.type] ?? "div";
    return make(name, "text", section.elements.map(part));
  });
}

function card(block, act, names, alone) {
  const box = make("article", alone ? "card alone" : "card");
  for (const part of ["title", "subtitle", "body", "subtext"]) {
    if (block[part]) box.append(make("div", part, text(block[part], names)));
  }
  if (block.actions) {
    box.append(make("div", "actions", block.actions.map((item) => element(item, block, act, names))));
  }
  return box;
}

// Returns the nodes of a list of blocks. `act` is told of clicks, `names` maps ids to names.
export function drawBlocks(blocks, act, names) {
  return blocks.map((block) => {
    switch (block.type) {
      case "section": {
        const texts = make("div", "texts", text(block.text, names));
        if (block.fields) texts.append(make("div", "fields", block.fields.map((field) => text(field, names))));
        return make("div", "section", texts, block.accessory && element(block.accessory, block, act, names));
      }
      case "markdown": return markdown(block.text, names);
      case "context": return make("div", "context", block.elements.map((item) => element(item, block, act, names)));
      case "context_actions":
      case "actions": return make("div", block.type === "actions" ? "actions" : "thumbs",
        block.elements.map((item) => element(item, block, act, names)));
      case "header": return make("div", "header", emoji(block.text.text));
      case "divider": return make("hr");
      case "carousel": {
        const box = make("div", "carousel", block.elements.map((item) => card(item, act, names, false)));
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", "Results, side by side");
        return box;
      }
      case "card": return card(block, act, names, true);
      case "table": {
        const rows = block.rows.map((row, number) =>
          make("tr", "", row.map((item) => make(number ? "td" : "th", "", cell(item, names)))));
        return make("div", "tablebox", make("table", "", rows));
      }
      case "rich_text": return make("div", "", richText(block));
      case "image": return make("p", "", `[image: ${block.alt_text}]`);
      default: return make("pre", "", JSON.stringify(block, null, 2));
    }
  });
}
