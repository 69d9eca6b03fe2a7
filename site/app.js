// app.js starts the page.

import { configuration, errorBox } from "./api.js";
import { $ } from "./dom.js";
import { language, onLanguage, t, toggle, translate } from "./i18n.js";
import * as orders from "./orders.js";
import * as photos from "./photos.js";
import * as posts from "./posts.js";
import * as signin from "./signin.js";
import * as trends from "./trends.js";

let configured = false;
let signedIn = Boolean(signin.user());
let notice; // {error, retry}

function render() {
  const user = signin.user();
  const off = configured && !signin.available();
  $("#language").lang = language() === "ko" ? "en" : "ko";
  $("#sign-in").hidden = Boolean(user) || off;
  $("#sign-in").disabled = !configured;
  $("#sign-out").hidden = $("#user").hidden = !user;
  $("#user").textContent = user?.name ?? "";
  $("#user").title = user ? t("signedInAs", user) : "";
  for (const gate of document.querySelectorAll("[data-gate]")) {
    gate.hidden = Boolean(user);
    gate.querySelector("span").textContent = t(off ? "noSignIn" : gate.dataset.gate);
    gate.querySelector("button").hidden = off;
    gate.querySelector("button").disabled = !configured;
  }
  for (const element of document.querySelectorAll("[data-user]")) element.hidden = !user;
  $("#notice").replaceChildren(...(notice ? [errorBox(notice.error, notice.retry)] : []));
}

function tell(next) {
  notice = next;
  render();
}

// sessionChanged tells who was signed in and no longer is to sign in again.
function sessionChanged() {
  const user = signin.user();
  if (signedIn && !user) notice = { error: { kind: "signin" } };
  if (user) notice = undefined;
  signedIn = Boolean(user);
  render();
}

async function configure() {
  tell(undefined);
  try {
    const config = await configuration();
    configured = true;
    await signin.start(config.signIn);
    render();
  } catch (error) {
    tell({ error, retry: configured ? signin.signIn : configure });
  }
}

translate();
$("#language").addEventListener("click", toggle);
$("#sign-out").addEventListener("click", signin.signOut);
for (const button of document.querySelectorAll("#sign-in, [data-gate] button")) button.addEventListener("click", signin.signIn);
signin.onSession(sessionChanged);
onLanguage(render);
orders.start();
const configuring = configure();
document.documentElement.dataset.ready = "";
await configuring;
for (const part of [photos, trends, posts]) part.start();
