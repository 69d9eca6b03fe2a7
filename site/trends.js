// trends.js shows the trends as they move, while the page is visible.

import { errorBox, now, request } from "./api.js";
import { drawChart, drawSkeleton, drawTable } from "./chart.js";
import { $, h, say, sleep } from "./dom.js";
import { language, onLanguage, t } from "./i18n.js";

const pollEvery = 4000;
const delay = 25_000; // from the end of a window until it is complete
let length = 60_000; // of a window, in milliseconds
let answer;
let failure;
let polling;
let own = new Set(); // hashtags of the posts that were sent here
const counted = new EventTarget();

// onCounted calls back with each new end of what is counted, in milliseconds.
export const onCounted = (callback) => counted.addEventListener("change", (event) => callback(event.detail));

// windowOf returns {start, end, shown} of the window that holds an instant; shown
// is when it is expected to be complete. All are milliseconds.
export function windowOf(instant) {
  const start = Math.floor(instant / length) * length;
  return { start, end: start + length, shown: start + length + delay };
}

// clock writes a window as "10:02:00–10:03:00" in the visitor's time.
export function clock({ start, end }) {
  const format = new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", second: length < 60_000 ? "2-digit" : undefined, hourCycle: "h23" });
  return `${format.format(start)}–${format.format(end)}`;
}

// highlight marks the hashtags of posts that were sent here.
export function highlight(hashtags) {
  own = new Set([...own, ...hashtags]);
}

export function start() {
  $("#range").addEventListener("change", () => {
    answer = undefined;
    watch();
  });
  document.addEventListener("visibilitychange", watch);
  setInterval(tick, 1000);
  onLanguage(render);
  watch();
}

function watch() {
  polling?.abort();
  polling = new AbortController();
  if (!document.hidden) poll(polling.signal);
}

async function poll(signal) {
  render();
  for (;;) {
    try {
      const minutes = $("#range").elements.minutes.value;
      answer = await request("GET", `/trends?limit=10${minutes && `&minutes=${minutes}`}`, { signal });
      failure = undefined;
      const [start, end] = [answer.window.start, answer.window.end].map(Date.parse);
      if (!minutes) length = end - start;
      if (answer.complete) counted.dispatchEvent(new CustomEvent("change", { detail: end }));
    } catch (error) {
      if (signal.aborted) return;
      failure = error;
    }
    render();
    await sleep(pollEvery, signal).catch(() => {});
    if (signal.aborted) return;
  }
}

function tick() {
  if (document.hidden) return;
  const current = windowOf(now());
  const left = Math.ceil((current.end - now()) / 1000);
  $("#window-now").textContent = t("windowNow", { window: clock(current), seconds: left, delay: delay / 1000 });
  $("#window-progress").value = 1 - (current.end - now()) / length;
}

function render() {
  tick();
  $("#trends").setAttribute("aria-busy", !answer && !failure);
  $("#trends-error").replaceChildren(...(failure ? [errorBox(failure, watch)] : []));
  say($("#window-shown"), shown());
  if (!answer) return failure ? $("#chart").replaceChildren() : drawSkeleton($("#chart"));
  if (answer.trends.length === 0) {
    $("#chart").replaceChildren(h("li", { class: "empty" }, h("p", {}, t("trendsEmpty")), h("p", {}, t("trendsEmptyHint"))));
  } else {
    drawChart($("#chart"), answer.trends, own);
  }
  drawTable($("#trends-table tbody"), answer.trends);
}

function shown() {
  if (!answer) return failure ? "" : t("trendsLoading");
  const [start, end] = [answer.window.start, answer.window.end].map(Date.parse);
  return t(answer.complete ? "windowShown" : "windowOpen", { window: clock({ start, end }) });
}
