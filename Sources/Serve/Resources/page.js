// The live page of a study: listens to what the server tells of it, and shows that. Whatever is shown is set as text.
"use strict";

const FOLLOW = 2000;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const ROWS_SHOWN = 150;
const COLUMNS_SHOWN = 40;
const POINTS_KEPT = 600;
const SIGNS = { done: "✓", running: "▶", failed: "✗", open: "·" };
const FILE_NAME = /^[\w.+-]+$/;

const $ = (id) => document.getElementById(id);
const token = takeToken();
let study = null;
let clockOffset = 0;
let axes = { rows: null, columns: null };
let matrix = null;
let chosen = null;
const curves = new Map();

// The token comes behind #, which the browser sends to nobody, and is taken out of the address at once.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  try {
    if (given) sessionStorage.setItem("token", given);
    if (given) history.replaceState(null, "", location.pathname);
    return given || sessionStorage.getItem("token") || "";
  } catch {
    return given || "";
  }
}

function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...content.filter((part) => part !== null));
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setWidth(node, share) {
  node.style.setProperty("width", `${(100 * share).toFixed(2)}%`);
}

// --- Words -----------------------------------------------------------------------------------------------------------

function duration(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function secondsSince(moment) {
  return Math.max(0, (Date.now() + clockOffset - Date.parse(moment)) / 1000);
}

function clock(moment) {
  const time = new Date(moment);
  const isToday = time.toDateString() === new Date().toDateString();
  return time.toLocaleString([], isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

const number = (value) => value.toLocaleString("en");
const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
const short = (value) => (Math.abs(value) >= 1000 ? value.toExponential(2) : value.toPrecision(3));

// What a screen reader says; not more often than a person can hear it.
let lastSaid = 0;
let waitingToSay = "";
function say(text, isUrgent = false) {
  waitingToSay = text;
  const left = isUrgent ? 0 : lastSaid + 10000 - Date.now();
  setTimeout(() => {
    if (waitingToSay !== text) return;
    lastSaid = Date.now();
    setText($("said"), text);
  }, Math.max(0, left));
}

// --- The server ------------------------------------------------------------------------------------------------------

async function read(path) {
  const response = await fetch(path, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(20000) });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.error), { answer: body });
  return body;
}

async function act(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST", cache: "no-store", credentials: "omit",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.error, answer.help].filter(Boolean).join(": "));
    return answer;
  } catch (error) {
    notice(error.message);
    return null;
  }
}

let source = null;
let timer = 0;
let failuresInARow = 0;

// Listens anew: along other axes, or because the connection was lost. A page that nobody sees does not listen.
function connect() {
  clearTimeout(timer);
  if (source) source.close();
  source = null;
  if (document.hidden) return;
  const query = axes.rows ? `?${new URLSearchParams({ rows: axes.rows, columns: axes.columns || "" })}` : "";
  const own = new EventSource(`api/events${query}`);
  source = own;
  const on = (name, take) => own.addEventListener(name, (event) => {
    if (own !== source) return;
    take(JSON.parse(event.data));
  });
  on("time", (time) => {
    clockOffset = time - Date.now();
    failuresInARow = 0;
    link("live", "live");
  });
  on("study", show);
  on("matrix", takeMatrix);
  on("curve", ({ attempt, points }) => {
    curves.set(attempt, { points });
    const work = study.running.find((other) => other.attempt === attempt);
    if (work) drawWork(work);
  });
  own.addEventListener("error", () => {
    if (own !== source) return;
    own.close();
    link("lost", "connection lost, trying again");
    timer = setTimeout(connect, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failuresInARow));
    failuresInARow += 1;
  });
  readReport();
}

function link(kind, text) {
  $("link").className = `link ${kind}`;
  if ($("link-text").textContent !== text && kind === "lost") say(text, true);
  setText($("link-text"), text);
}

// --- The head --------------------------------------------------------------------------------------------------------

let ownNotices = [];

function notice(text) {
  ownNotices = [text];
  showNotices();
  say(text, true);
}

function showNotices() {
  const texts = ownNotices.concat(study ? study.notices : []);
  if (study && study.changed_file) {
    const name = study.changed_file.split("/").pop();
    texts.push(`${name} has changed since it was read here.`);
  }
  const list = $("notices");
  if ([...list.children].map((item) => item.textContent).join("\n") === texts.join("\n")) return;
  list.replaceChildren(...texts.map((text) => element("li", {}, text)));
}

function show(news) {
  const before = study;
  study = news;
  if (!before) {
    $("head").hidden = $("body").hidden = false;
    $("actions").hidden = !token;
    $("no-token").hidden = Boolean(token);
  }
  document.title = `${news.cells.done}/${news.cells.all} ${news.study}`;
  setText($("study"), news.study);
  setText($("done"), number(news.cells.done));
  setText($("done-of"), `of ${plural(news.cells.all, "cell", "cells")} done`);
  $("bar").max = Math.max(1, news.stages.all);
  $("bar").value = news.stages.done;
  showFacts(news);
  showRun(news);
  $("stop").disabled = !news.run || news.stopping;
  setText($("stop"), news.stopping ? "Stopping …" : "Stop the run …");
  $("retry").disabled = Boolean(news.run) || news.stages.failed === 0;
  $("read").hidden = !news.changed_file;
  showNotices();
  if (!before || before.reading !== news.reading) showAxes(news);
  if (before && before.cells_tag !== news.cells_tag) refreshChosen();
  showRunning(news);
  showFailures(news);
  if (before && (before.cells.done !== news.cells.done || before.cells.failed !== news.cells.failed)) {
    say(`${news.cells.done} of ${news.cells.all} cells done` + (news.cells.failed ? `, ${news.cells.failed} failed` : ""));
  }
  if (before && Boolean(before.run) !== Boolean(news.run)) readReport();
  if (before && Boolean(before.run) !== Boolean(news.run)) say(news.run ? "a run has begun" : "the run has ended", true);
}

function showFacts(news) {
  const facts = [
    [news.cells.running, news.running.some((work) => work.queued) ? "▶ running or handed over" : "▶ running", ""],
    [news.cells.failed, "✗ failed", news.cells.failed ? "alarm" : ""],
    [`${number(news.stages.done)} of ${number(news.stages.all)}`, "stages", ""],
  ];
  if (news.stages.held) facts.push([news.stages.held, news.stages.held === 1 ? "stage waits for a failed one" : "stages wait for failed ones", "alarm"]);
  if (news.stages_per_minute) facts.push([news.stages_per_minute, "stages a minute", ""]);
  $("facts").replaceChildren(
    ...facts.map(([value, name, kind]) => element("li", { class: kind }, element("b", {}, String(value)), ` ${name}`)));
}

function showRun(news) {
  let text = "No run now.";
  if (news.run) {
    text = `Run by process ${news.run.process} on ${news.run.host} since ${clock(news.run.since)}`
      + (news.stopping ? "; it has been told to stop." : ".");
  }
  if (news.cells.all > 0 && news.cells.done === news.cells.all) text = "All cells are done.";
  if (news.estimate) {
    const { seconds, low, high, jobs } = news.estimate;
    text += ` ${news.run ? "About" : "A run would take about"} ${duration(seconds)}${news.run ? " left" : ""}`
      + ` (${duration(low)} to ${duration(high)}), ${jobs} at once.`;
  }
  setText($("run"), text);
}

// --- The matrix ------------------------------------------------------------------------------------------------------

function showAxes(news) {
  const names = news.axes.map((axis) => axis.name);
  const wasAsked = axes.rows !== null;
  const isGone = [axes.rows, axes.columns].some((name) => name && !names.includes(name));
  if (!wasAsked || isGone) axes = { rows: news.rows || names[0], columns: news.columns };
  const options = (none) => news.axes.map((axis) => element("option", { value: axis.name }, `${axis.name} (${axis.values})`))
    .concat(none ? [element("option", { value: "" }, "none")] : []);
  $("rows").replaceChildren(...options(false));
  $("columns").replaceChildren(...options(true));
  $("rows").value = axes.rows;
  $("columns").value = axes.columns || "";
  if (wasAsked && isGone) connect();
}

function choose(rows, columns) {
  // An axis that is asked for on one side is not there for the other.
  if (rows === columns) {
    if (rows !== axes.rows) columns = axes.rows;
    else rows = axes.columns || rows;
  }
  axes = { rows, columns: rows === columns ? null : columns };
  $("rows").value = axes.rows;
  $("columns").value = axes.columns || "";
  connect();
}

function takeMatrix(news) {
  if (news.error) {
    $("matrix").tHead.replaceChildren();
    $("matrix").tBodies[0].replaceChildren();
    matrix = null;
    setText($("matrix-note"), [news.error, news.help].filter(Boolean).join(": "));
  } else {
    showMatrix(news);
    setText($("matrix-note"), `The first ${ROWS_SHOWN} rows and ${COLUMNS_SHOWN} columns are shown.`);
  }
  const isWhole = !news.error && news.rows.values.length <= ROWS_SHOWN
    && (!news.columns || news.columns.values.length <= COLUMNS_SHOWN);
  $("matrix-note").hidden = isWhole;
}

const shapeOf = (news) => JSON.stringify([news.rows, news.columns]);

function showMatrix(news) {
  const columns = news.columns ? news.columns.values.slice(0, COLUMNS_SHOWN) : [];
  const rows = news.rows.values.slice(0, ROWS_SHOWN);
  setText($("matrix-caption"),
    `Cells done by ${news.rows.axis}${news.columns ? ` and ${news.columns.axis}` : ""}`);
  if (!matrix || shapeOf(matrix) !== shapeOf(news)) {
    const head = element("tr", {}, element("th", { scope: "col" },
      news.columns ? `${news.rows.axis} \\ ${news.columns.axis}` : news.rows.axis));
    for (const value of columns) head.append(element("th", { scope: "col", title: value }, value));
    head.append(element("th", { scope: "col" }, "all"));
    $("matrix").tHead.replaceChildren(head);
    const made = rows.map((value) => {
      const row = element("tr", {}, element("th", { scope: "row", title: value }, value));
      for (const column of columns) row.append(element("td", {}, entry({ [news.rows.axis]: value, [news.columns.axis]: column })));
      row.append(element("td", { class: news.columns ? "sum" : null }, entry({ [news.rows.axis]: value })));
      return row;
    });
    if (news.columns && rows.length > 1) {
      const row = element("tr", { class: "sum" }, element("th", { scope: "row" }, "all"));
      for (const column of columns) row.append(element("td", {}, entry({ [news.columns.axis]: column })));
      row.append(element("td", { class: "sum" }, entry({})));
      made.push(row);
    }
    $("matrix").tBodies[0].replaceChildren(...made);
  }
  matrix = news;
  const lines = [...$("matrix").tBodies[0].rows];
  rows.forEach((value, row) => {
    const entries = [...lines[row].cells].slice(1);
    columns.forEach((column, place) => fill(entries[place], news.entries[row][place], [value, column]));
    fill(entries[columns.length], news.of_row[row], [value]);
  });
  const last = lines[rows.length];
  if (last) {
    const entries = [...last.cells].slice(1);
    columns.forEach((column, place) => fill(entries[place], news.of_column[place], [column]));
    fill(entries[columns.length], news.whole, ["all cells"]);
  }
}

function entry(values) {
  const meter = element("span", { class: "meter", "aria-hidden": "true" },
    element("i", { class: "done" }), element("i", { class: "running" }), element("i", { class: "failed" }));
  const count = element("span", { class: "count" },
    element("span"), element("span", { class: "running" }), element("span", { class: "failed" }));
  return element("button", {
    type: "button", class: "entry", "aria-pressed": "false", onclick: (event) => openChosen(values, event.currentTarget),
  }, count, meter);
}

function fill(cell, [all, done, running, failed], names) {
  const button = cell.firstElementChild;
  const [count, meter] = button.children;
  button.disabled = all === 0;
  setText(count.children[0], all === 0 ? "–" : done === all ? `✓ ${done}/${all}` : `${done}/${all}`);
  setText(count.children[1], running ? `▶${running}` : "");
  setText(count.children[2], failed ? `✗${failed}` : "");
  [done, running, failed].forEach((part, place) => setWidth(meter.children[place], all ? part / all : 0));
  button.setAttribute("aria-label", `${names.join(", ")}: ` + (all === 0 ? "no cells"
    : `${done} of ${all} done${running ? `, ${running} running` : ""}${failed ? `, ${failed} failed` : ""}`));
}

// Arrow keys go from entry to entry.
$("matrix").addEventListener("keydown", (event) => {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = event.target.closest("td");
  if (!move || !cell) return;
  const row = $("matrix").tBodies[0].rows[cell.parentElement.sectionRowIndex + move[0]];
  const next = row && row.cells[cell.cellIndex + move[1]];
  const button = next && next.querySelector("button:enabled");
  if (!button) return;
  event.preventDefault();
  button.focus();
});

// --- Chosen cells ----------------------------------------------------------------------------------------------------

async function openChosen(values, button) {
  for (const other of document.querySelectorAll(".entry[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
  chosen = { values, from: 0, button };
  const words = Object.entries(values).map(([axis, value]) => `${axis} ${value}`);
  setText($("chosen-title"), words.length ? `Cells of ${words.join(", ")}` : "All cells");
  $("chosen-list").replaceChildren();
  $("cell").hidden = true;
  $("chosen").hidden = false;
  await moreCells();
  $("chosen-title").focus();
}

function cellsPath(from, count) {
  return `api/cells?${new URLSearchParams({ ...chosen.values, from, count })}`;
}

async function moreCells() {
  try {
    const news = await read(cellsPath(chosen.from, 100));
    for (const cell of news.cells) {
      const standing = element("span");
      $("chosen-list").append(element("li", {}, standing,
        element("button", { type: "button", class: "text", onclick: () => openCell(cell.cell) }, cell.cell)));
      setStanding(standing, cell.standing);
    }
    chosen.from += news.cells.length;
    $("more").hidden = chosen.from >= news.count;
    offerRetry();
  } catch (error) {
    notice(error.message);
  }
}

function setStanding(node, standing) {
  node.className = `standing ${standing}`;
  setText(node, `${SIGNS[standing]} ${standing}`);
}

function offerRetry() {
  const hasFailed = Boolean($("chosen-list").querySelector(".standing.failed"));
  const canBeSaid = Object.values(chosen.values).every((value) => FILE_NAME.test(value));
  $("retry-chosen").hidden = !(token && hasFailed && canBeSaid && !study.run);
}

// What is shown of chosen cells is kept up to date too.
async function refreshChosen() {
  if ($("chosen").hidden) return;
  try {
    const list = $("chosen-list");
    const news = await read(cellsPath(0, Math.min(500, list.children.length)));
    news.cells.forEach((cell, place) => {
      const item = list.children[place];
      if (item && item.lastChild.textContent === cell.cell) setStanding(item.firstChild, cell.standing);
    });
    offerRetry();
    if (!$("cell").hidden) {
      const cell = await read(`api/cell?cell=${encodeURIComponent(chosen.cell)}`);
      const place = [...$("cell").querySelectorAll("button")].indexOf(document.activeElement);
      showCell(cell);
      if (place >= 0) $("cell").querySelectorAll("button")[place]?.focus();
    }
  } catch (error) {
    notice(error.message);
  }
}

async function openCell(name) {
  try {
    chosen.cell = name;
    showCell(await read(`api/cell?cell=${encodeURIComponent(name)}`));
    $("cell").querySelector("h3").focus();
  } catch (error) {
    notice(error.message);
  }
}

function showCell(cell) {
  const parts = [element("h3", { tabindex: "-1" }, `${SIGNS[cell.standing]} ${cell.cell}`)];
  for (const stage of cell.stages) {
    const part = element("div", { class: "stage" }, element("p", {}, element("b", {}, stage.stage), ` ${stage.state}`
      + (stage.diverged ? ", diverged: its loss stopped being finite" : "")));
    for (const attempt of stage.attempts) {
      const took = attempt.seconds === null ? `since ${clock(attempt.since)}` : `in ${duration(attempt.seconds)}`;
      part.append(element("p", { class: "quiet" }, `attempt ${attempt.attempt} ${attempt.state} ${took} on ${attempt.device} `,
        attempt.log ? logButton(stage.stage, stage.key, attempt.attempt) : null));
      if (attempt.message) part.append(element("p", { class: "alarm" }, `${attempt.class}: ${attempt.message}`));
      if (attempt.help) part.append(element("p", {}, `What to do: ${attempt.help}`));
    }
    const numbers = stage.metrics.map((metric) => `${metric.split} ${metric.name} ${short(Number(metric.value))}`);
    if (numbers.length) part.append(element("p", {}, numbers.join(", ")));
    if (stage.history.length > 1) part.append(...historyCurve(stage));
    parts.push(part);
  }
  $("cell").replaceChildren(...parts);
  $("cell").hidden = false;
}

function historyCurve(stage) {
  const last = stage.history[stage.history.length - 1];
  const svg = curve(
    [{ points: stage.history.map((entry) => [entry[0], entry[1]]) },
     { points: stage.history.map((entry) => [entry[0], entry[2]]), kind: "other" }], { from: 0, to: last[0] },
    `Training and validation loss of ${stage.stage} over ${last[0]} epochs`);
  const text = [last[1] === null ? null : `training loss ${short(last[1])} (line)`,
    last[2] === null ? null : `validation loss ${short(last[2])} (dashes)`].filter(Boolean).join(", ");
  return [svg, element("p", { class: "caption" }, `After ${last[0]} epochs: ${text}`)];
}

// --- What runs -------------------------------------------------------------------------------------------------------

function showRunning(news) {
  const list = $("works");
  $("running-none").hidden = news.running.length > 0;
  const begun = news.running.filter((work) => !work.queued);
  const queued = news.running.length - begun.length;
  $("queued").hidden = queued === 0;
  setText($("queued"), `${queued} ${queued === 1 ? "stage is" : "stages are"} handed over to the cluster and not begun yet.`);
  const attempts = new Set(begun.map((work) => String(work.attempt)));
  for (const item of [...list.children]) if (!attempts.has(item.dataset.attempt)) item.remove();
  for (const attempt of curves.keys()) if (!attempts.has(String(attempt))) curves.delete(attempt);
  for (const work of begun) {
    let item = list.querySelector(`[data-attempt="${work.attempt}"]`);
    if (!item) {
      item = element("li", { "data-attempt": work.attempt }, element("h3", {}, work.stage), element("p", { class: "told" }),
        element("progress", { max: 1, value: 0, "aria-label": `Progress of ${work.stage}` }),
        element("p", { class: "quiet place" }), element("div", { class: "drawn" }),
        element("p", {}, logButton(work.stage, work.key, work.attempt)));
      list.append(item);
    }
    setText(item.querySelector(".told"), work.told || "nothing told yet");
    const fraction = work.progress ? Math.min(1, Math.max(0, work.progress.fraction)) : 0;
    item.querySelector("progress").value = fraction;
    showPlace(item, work);
    const curve = curves.get(work.attempt);
    if (!curve || !work.progress) continue;
    const loss = typeof work.progress.loss === "number" ? work.progress.loss : null;
    const before = curve.points[curve.points.length - 1];
    if (!before || before[0] < fraction) curve.points.push([fraction, secondsSince(work.since), loss]);
    if (curve.points.length > POINTS_KEPT) curve.points = curve.points.filter((_, place) => place % 2 === 0);
    drawWork(work);
  }
}

function showPlace(item, work) {
  const worker = work.worker ? `, process ${work.worker.process} on ${work.worker.host}` : "";
  setText(item.querySelector(".place"), `for ${duration(secondsSince(work.since))} on ${work.device}${worker}`);
}

function drawWork(work) {
  const item = $("works").querySelector(`[data-attempt="${work.attempt}"]`);
  const { points } = curves.get(work.attempt);
  const losses = points.filter((point) => typeof point[2] === "number");
  const isLoss = losses.length > 1;
  const shown = isLoss ? losses.map((point) => [point[0], point[2]])
    : points.filter((point) => point[1] !== null).map((point) => [point[1], point[0]]);
  if (shown.length < 2) return;
  const end = shown[shown.length - 1];
  const text = isLoss ? `training loss from ${short(shown[0][1])} to ${short(end[1])}; the frame is the whole training`
    : `${Math.round(100 * end[1])} % in ${duration(end[0])}`;
  const svg = curve([{ points: shown }], isLoss ? { from: 0, to: 1 } : { from: 0, to: end[0], low: 0, high: 1 },
    `${work.stage}: ${text}`);
  item.querySelector(".drawn").replaceChildren(svg, element("p", { class: "caption" }, text));
}

// --- Curves ----------------------------------------------------------------------------------------------------------

function svgElement(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Lines in a frame. The frame's width stands for `from` to `to`, its height for the values or for `low` to `high`.
function curve(lines, { from, to, low, high }, label) {
  const values = lines.flatMap((line) => line.points.map((point) => point[1])).filter((value) => typeof value === "number");
  const bottom = low ?? Math.min(...values);
  const top = high ?? Math.max(...values);
  const [width, height] = [300, 80];
  const x = (value) => (to > from ? ((value - from) / (to - from)) * width : 0);
  const y = (value) => (top > bottom ? height - ((value - bottom) / (top - bottom)) * (height - 6) - 3 : height / 2);
  const svg = svgElement("svg", {
    class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label,
  });
  svg.append(svgElement("rect", { class: "frame", width, height }));
  for (const line of lines) {
    const points = line.points.filter((point) => typeof point[1] === "number")
      .map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`);
    svg.append(svgElement("polyline", { class: `line ${line.kind || ""}`, points: points.join(" ") }));
  }
  return svg;
}

// --- Failures, logs, the report --------------------------------------------------------------------------------------

let failuresShown = "";

function showFailures(news) {
  $("failures-none").hidden = news.failures.length > 0;
  const told = JSON.stringify(news.failures);
  if (told === failuresShown) return;
  failuresShown = told;
  $("failure-list").replaceChildren(...news.failures.map((failure) => element("li", {},
    element("h3", {}, failure.stage),
    element("p", { class: "alarm" }, `✗ ${failure.class}: ${failure.message}`),
    failure.help ? element("p", {}, `What to do: ${failure.help}`) : null,
    element("p", { class: "quiet" }, `attempt ${failure.attempt}${failure.at ? `, ${clock(failure.at)}` : ""} `,
      logButton(failure.stage, failure.key, failure.attempt)))));
}

function logButton(name, key, attempt) {
  return element("button", {
    type: "button", class: "text", "aria-label": `Log of ${name}, attempt ${attempt}`,
    onclick: () => openLog(name, key, attempt),
  }, "Log");
}

let log = null;

async function openLog(name, key, attempt) {
  setText($("log-title"), `Log of ${name}, attempt ${attempt}`);
  setText($("log-text"), "");
  setText($("log-size"), "");
  log = { path: `api/log?key=${key}&attempt=${attempt}`, next: null };
  $("log").showModal();
  $("log-text").focus();
  await followLog();
}

// As long as it is open, what is added to it is added here.
async function followLog() {
  const own = log;
  if (!own || !$("log").open) return;
  try {
    const part = await read(own.next === null ? own.path : `${own.path}&from=${own.next}`);
    if (log !== own) return;
    const text = $("log-text");
    const isAtEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
    if (own.next === null && part.from > 0) setText($("log-size"), `The last ${number(part.size - part.from)} of ${number(part.size)} bytes.`);
    if (part.text) text.append(part.text);
    if (isAtEnd) text.scrollTop = text.scrollHeight;
    own.next = part.next;
  } catch (error) {
    setText($("log-size"), error.message);
    if (error.answer) return;
  }
  setTimeout(followLog, FOLLOW);
}

$("log").addEventListener("close", () => { log = null; });

async function readReport() {
  let news;
  try {
    news = await read("api/report");
  } catch {
    return;
  }
  $("report-none").hidden = news.page;
  $("report-page").hidden = !news.page;
  const rest = news.files.filter((path) => path !== "report.html");
  $("report-rest").hidden = rest.length === 0;
  $("files").replaceChildren(...rest.map((path) => element("li", {}, element("a", {
    href: `report/${path.split("/").map(encodeURIComponent).join("/")}`, target: "_blank", rel: "noopener",
  }, path))));
}

// --- What acts -------------------------------------------------------------------------------------------------------

function ask(title, text, yes, also) {
  setText($("ask-title"), title);
  setText($("ask-text"), text);
  setText($("ask-yes"), yes.name);
  $("ask-yes").onclick = () => { $("ask").close(); yes.act(); };
  $("ask-also").hidden = !also;
  if (also) {
    setText($("ask-also"), also.name);
    $("ask-also").onclick = () => { $("ask").close(); also.act(); };
  }
  $("ask").showModal();
  $("ask-no").focus();
}

async function stop(atOnce) {
  if (await act("api/stop", { at_once: atOnce })) notice(`The run is being told to stop${atOnce ? " at once" : ""}.`);
}

async function retry(only) {
  if (await act("api/retry", only ? { only } : {})) notice("What failed is being tried again.");
}

$("stop").addEventListener("click", () => ask("Stop the run?",
  "Its running stages write their checkpoints first; at once, they go on from their last ones. graft run goes on with it.",
  { name: "Stop", act: () => stop(false) }, { name: "Stop at once", act: () => stop(true) }));
$("retry").addEventListener("click", () => ask("Retry what failed?",
  `${plural(study.stages.failed, "stage", "stages")} failed. They and what waits for them run again on this machine.`,
  { name: "Retry", act: () => retry(null) }));
$("retry-chosen").addEventListener("click", () => ask("Retry what failed of these?",
  "What failed of these cells, and what waits for it, runs again on this machine.",
  { name: "Retry", act: () => retry(Object.entries(chosen.values).map(([axis, value]) => `${axis}=${value}`).join(",") || null) }));
$("read").addEventListener("click", async () => {
  if (await act("api/read-again", {})) notice("The study was read again.");
});
$("rows").addEventListener("change", (event) => choose(event.target.value, axes.columns));
$("columns").addEventListener("change", (event) => choose(axes.rows, event.target.value || null));
$("swap").addEventListener("click", () => { if (axes.columns) choose(axes.columns, axes.rows); });
$("axes").addEventListener("submit", (event) => event.preventDefault());
$("more").addEventListener("click", moreCells);
$("close-chosen").addEventListener("click", () => {
  $("chosen").hidden = true;
  chosen.button.setAttribute("aria-pressed", "false");
  chosen.button.focus();
});

document.addEventListener("visibilitychange", connect);
setInterval(() => {
  if (document.hidden || !study) return;
  for (const work of study.running) {
    const item = $("works").querySelector(`[data-attempt="${work.attempt}"]`);
    if (item) showPlace(item, work);
  }
}, 1000);
connect();
