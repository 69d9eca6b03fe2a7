// chart.js draws trends as horizontal bars and as a table.

import { h } from "./dom.js";
import { language, t } from "./i18n.js";

const format = (number) => new Intl.NumberFormat(language()).format(number);

// drawChart puts a row for each trend into a list. A hashtag keeps its row, so that
// its bar moves from the old count to the new one.
export function drawChart(list, trends, own) {
  const old = new Map([...list.children].map((row) => [row.dataset.hashtag, row]));
  const most = Math.max(...trends.map((trend) => Math.max(trend.count, trend.previous)));
  const rows = trends.map((trend) => {
    const row = old.get(trend.hashtag) ?? newRow(trend.hashtag);
    fill(row, trend, most, own.has(trend.hashtag));
    return row;
  });
  if (rows.some((row, i) => list.children[i] !== row) || rows.length !== list.children.length) list.replaceChildren(...rows);
}

function newRow(hashtag) {
  return h("li", { class: "trend", "data-hashtag": hashtag },
    h("span", { class: "tag", dir: "auto" }, `#${hashtag}`, h("span", { class: "sr own" })),
    h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "bar" }), h("span", { class: "mark" })),
    h("span", { class: "count" }),
    h("span", { class: "change" }, h("span", { "aria-hidden": "true" }), h("span", { class: "sr" })));
}

function fill(row, { count, previous }, most, own) {
  const [sign, text] = row.querySelectorAll(".change span");
  row.classList.toggle("yours", own);
  row.querySelector(".own").textContent = own ? ` (${t("legendYours")}) ` : " ";
  row.querySelector(".bar").style.setProperty("--share", count / most);
  row.querySelector(".mark").style.setProperty("--share", previous / most);
  row.querySelector(".count").textContent = format(count);
  row.querySelector(".change").dataset.direction = Math.sign(count - previous);
  sign.textContent = arrow(count - previous);
  text.textContent = ` ${inWords(count - previous)}`;
}

function arrow(change) {
  if (change === 0) return "=";
  return `${change > 0 ? "▲" : "▼"} ${format(Math.abs(change))}`;
}

function inWords(change) {
  if (change === 0) return t("same");
  return t(change > 0 ? "up" : "down", { n: format(Math.abs(change)) });
}

// drawSkeleton fills the list with rows that stand for what is being loaded.
export function drawSkeleton(list) {
  list.replaceChildren(...Array.from({ length: 10 }, () => h("li", { class: "trend skeleton", "aria-hidden": "true" }, h("span", { class: "tag" }), h("span", { class: "track" }))));
}

// drawTable puts the same numbers into the body of a table.
export function drawTable(body, trends) {
  body.replaceChildren(...trends.map(({ hashtag, count, previous }) => h("tr", {},
    h("th", { scope: "row", dir: "auto" }, `#${hashtag}`),
    h("td", {}, format(count)),
    h("td", {}, format(previous)),
    h("td", {}, inWords(count - previous)))));
}
