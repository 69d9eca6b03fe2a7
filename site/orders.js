// orders.js places orders and follows them step by step.

import { errorBox, request } from "./api.js";
import { $, first, h, say, sleep } from "./dom.js";
import { language, onLanguage, t } from "./i18n.js";

const currency = "KRW";
const prices = { "book-1": 15000, "book-2": 22000, "book-3": 9800, "rare-1": 120000 };
const steps = ["ACCEPTED", "RESERVED", "PAID", "COMPLETED"];
const keptKey = "noidle.order";
const kept = JSON.parse(sessionStorage.getItem(keptKey)) ?? {}; // from before the page was loaded again
const customerId = kept.customerId ?? `web-${crypto.randomUUID()}`;

let pending = kept.pending; // {key, body} of a submission without an answer: repeated, it is the same order
let following; // AbortController of the order that is shown
let state = { phase: "none" }; // none, sending, following or error; with order, error, wait (seconds) and lost

export function start() {
  const form = $("#order-form");
  form.addEventListener("submit", first(place));
  form.addEventListener("input", total);
  onLanguage(() => {
    total();
    render();
  });
  if (kept.orderId) resume(kept.orderId);
}

const keep = (orderId) => sessionStorage.setItem(keptKey, JSON.stringify({ customerId, pending, orderId }));

// resume goes on with the order that was shown before the page was loaded again.
async function resume(orderId) {
  const { signal } = (following = new AbortController());
  show({ phase: "following", order: { orderId, status: "ACCEPTED", history: [] } });
  try {
    await follow(orderId, signal);
  } catch {
    if (!signal.aborted) show({ phase: "none" });
  }
}

const money = (amount) => new Intl.NumberFormat(language(), { style: "currency", currency }).format(amount);

function total() {
  for (const price of document.querySelectorAll("[data-price]")) price.textContent = money(prices[price.dataset.price]);
  const { sku, quantity } = $("#order-form").elements;
  $("#order-total").textContent = money(prices[sku.value] * (quantity.valueAsNumber || 0));
}

async function place() {
  const { sku, quantity, payment } = $("#order-form").elements;
  const body = JSON.stringify({
    customerId,
    currency,
    paymentToken: payment.value,
    items: [{ sku: sku.value, quantity: quantity.valueAsNumber, unitPrice: prices[sku.value] }],
  });
  if (pending?.body !== body) pending = { key: crypto.randomUUID(), body };
  keep();
  following?.abort();
  following = new AbortController();
  const { signal } = following;
  show({ phase: "sending" });
  try {
    const placed = await request("POST", "/orders", {
      body, signal, safe: true, headers: { "Idempotency-Key": pending.key }, onwait: (wait) => show({ ...state, wait }),
    });
    pending = undefined;
    keep(placed.orderId);
    show({ phase: "following", order: { ...placed, history: [] } });
    await follow(placed.orderId, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (error.kind === "refused" && error.status !== 409) pending = undefined;
    show({ phase: "error", error, retry: state.order ? undefined : place });
  }
}

// follow asks for the order until it is done, ever less often.
async function follow(id, signal) {
  for (let pause = 300; ; pause = Math.min(pause * 1.3, 4000)) {
    await sleep(pause, signal);
    try {
      const order = await request("GET", `/orders/${encodeURIComponent(id)}`, { signal });
      show({ phase: "following", order });
      if (done(order)) return;
    } catch (error) {
      if (signal.aborted || error.kind === "refused") throw error;
      show({ ...state, lost: true });
    }
  }
}

const done = (order) => order.status === "COMPLETED" || order.status === "FAILED";

function show(next) {
  state = next;
  render();
}

function render() {
  const { phase, order, error, retry, wait, lost } = state;
  const button = $("#order-form button[type=submit]");
  button.disabled = phase === "sending";
  say($("#order-live"), announcement());
  $("#order-live").hidden = phase === "error";
  $("#order-error").replaceChildren(...(phase === "error" ? [errorBox(error, retry)] : []));
  $("#order-status").setAttribute("aria-busy", phase === "sending" || (phase === "following" && !done(order)));
  $("#order-steps").replaceChildren(...steps.map((step) => stepItem(step, phase === "following" ? order : undefined, phase)));
  $("#order-id").textContent = order ? t("orderId", { id: order.orderId }) : "";

  function announcement() {
    if (wait) return t("waiting", { seconds: wait });
    if (lost) return t("connectionLost");
    return order ? t(`order_${order.status}`) : t(`order_${phase}`);
  }
}

function stepItem(step, order, phase) {
  const reached = order?.history?.find((entry) => entry.status === step);
  const next = steps.find((name) => !order?.history?.some((entry) => entry.status === name));
  const failed = order?.status === "FAILED";
  let look = reached || (step === "ACCEPTED" && order) ? "done" : "open";
  if (look === "done" && failed && step !== "ACCEPTED") look = "undone";
  if (look === "open" && step === next && failed) look = "failed";
  if (look === "open" && step === next && (order || phase === "sending")) look = "active";
  const first = order?.history?.[0];
  const seconds = reached && first && ((Date.parse(reached.at) - Date.parse(first.at)) / 1000).toFixed(1);
  return h("li", { class: `step ${look}`, "data-step": step, "aria-current": look === "active" && "step" },
    h("span", { class: "dot", "aria-hidden": "true" }, { done: "✓", undone: "↶", failed: "✕" }[look] ?? ""),
    h("span", { class: "step-name" }, t(`step_${step}`), h("span", { class: "sr" }, `: ${t(`look_${look}`)}`)),
    h("span", { class: "step-note" }, ...note()));

  function note() {
    if (look === "failed") return [t("failedBecause"), " ", h("span", { lang: "en" }, order.reason ?? "")];
    if (look === "undone") return [t(`undone_${step}`)];
    if (seconds > 0) return [t("after", { seconds })];
    return [t(`about_${step}`)];
  }
}
