// api.js talks to the APIs and says what went wrong.

import { h, sleep } from "./dom.js";
import { Failure } from "./failure.js";
import { t } from "./i18n.js";
import { expire, signIn, token } from "./signin.js";

let base = "/api";
let clockOffset = 0;

// configuration reads what the deployment wrote about itself.
export async function configuration() {
  const response = await send("/config.json", { cache: "no-cache" });
  if (!response.ok) throw new Failure("server", { status: response.status });
  const config = await response.json();
  base = config.apiUrl ?? base;
  return config;
}

// now is the time of the servers: a visitor's clock may be wrong.
export const now = () => Date.now() + clockOffset;

// request calls the API and returns the answer's JSON, or undefined if it has
// none. Throttled requests are sent again, and so are those that a service behind
// did not answer if that is safe; onwait is called with the seconds before each,
// and with 0 before it is sent.
export async function request(method, path, options = {}) {
  const { body, headers = {}, signed = false, safe = method === "GET", signal, onwait } = options;
  for (let attempt = 0; ; attempt++) {
    const sent = { ...headers };
    if (body) sent["Content-Type"] = "application/json";
    if (signed) sent.Authorization = `Bearer ${await token()}`;
    const response = await send(base + path, { method, headers: sent, body, signal });
    if (response.ok) return response.status === 204 ? undefined : response.json();
    const again = response.status === 429 || (safe && response.status === 503);
    if (!again || attempt === 3) throw await failure(response, signed);
    const seconds = Number(response.headers.get("Retry-After")) || 2 ** attempt;
    onwait?.(seconds);
    await sleep(seconds * 1000 + Math.random() * 250, signal);
    onwait?.(0);
  }
}

async function send(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failure("network");
  }
  const date = Date.parse(response.headers.get("Date"));
  if (date) clockOffset = date + Number(response.headers.get("Age") ?? 0) * 1000 - Date.now();
  return response;
}

async function failure(response, signed) {
  const problem = await response.json().catch(() => ({}));
  const { status } = response;
  if (status === 401 && signed) {
    expire();
    return new Failure("signin", { status });
  }
  const kind = status === 429 ? "throttled" : status >= 500 ? "server" : "refused";
  return new Failure(kind, { status, detail: problem.detail ?? problem.message, errors: problem.errors });
}

// errorBox shows a failure: what happened, the fields that are wrong, and what to
// do now. Texts of the APIs are English. Without retry there is no button for it.
export function errorBox(error, retry) {
  const kind = error.kind ?? "unexpected";
  const fields = (error.errors ?? []).map((field) =>
    h("li", {}, h("code", {}, field.pointer || field.header || field.parameter || t("wholeRequest")), " ", h("span", { lang: "en" }, field.detail)));
  return h("div", { class: "notice error" },
    h("p", {}, h("strong", {}, t(`error_${kind}`)), error.status ? ` (${error.status})` : null),
    error.detail && h("p", { lang: "en" }, error.detail),
    fields.length > 0 && h("ul", {}, ...fields),
    kind === "signin" && h("button", { type: "button", class: "secondary", onclick: signIn }, t("signIn")),
    retry && kind !== "signin" && h("button", { type: "button", class: "secondary", onclick: retry }, t("retry")));
}
