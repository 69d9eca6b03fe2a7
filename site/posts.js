// posts.js sends posts and tells when they are counted.

import { errorBox, now, request } from "./api.js";
import { $, first, say } from "./dom.js";
import { language, onLanguage, t } from "./i18n.js";
import { samplePosts } from "./samples.js";
import { onSession, user } from "./signin.js";
import { clock, highlight, onCounted, windowOf } from "./trends.js";

let state = { phase: "none" }; // none, noHashtag, sending, accepted, counted or error

export function start() {
  $("#post-form").addEventListener("submit", first(async () => {
    const text = $("#post-text").value.trim();
    if (hashtags(text).length === 0) return show({ phase: "noHashtag" });
    if ((await send([{ text, lang: language() }])) && $("#post-text").value.trim() === text) $("#post-text").value = "";
  }));
  $("#send-samples").addEventListener("click", first(() => send(samplePosts(100))));
  onCounted((end) => {
    if (state.phase === "accepted" && state.at < end) show({ phase: "counted" });
  });
  onSession(render);
  onLanguage(render);
}

async function send(posts) {
  show({ phase: "sending" });
  try {
    const { accepted } = await request("POST", "/posts", {
      signed: true, body: JSON.stringify({ posts }), onwait: (wait) => show({ phase: "sending", wait }),
    });
    highlight(posts.flatMap((post) => hashtags(post.text)));
    show({ phase: "accepted", count: accepted, at: now() });
    return true;
  } catch (error) {
    show({ phase: "error", error });
  }
}

// hashtags finds roughly what the analytics find: enough to mark them in the chart.
const hashtags = (text) => [...text.matchAll(/#([\p{L}\p{M}\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*|\p{Extended_Pictographic})/gu)].map((match) => match[1].normalize("NFKC").toLowerCase());

function show(next) {
  state = next;
  render();
}

function render() {
  const { phase, error, wait } = state;
  $("#post-text").disabled = !user(); // One may write while others are sent.
  for (const button of $("#post-form").querySelectorAll(".row button")) button.disabled = !user() || phase === "sending";
  say($("#post-live"), announcement());
  $("#post-error").replaceChildren(...(phase === "error" ? [errorBox(error)] : []));

  function announcement() {
    if (wait) return t("waiting", { seconds: wait });
    if (phase === "noHashtag") return t("noHashtag");
    if (phase === "sending") return t("sendingPosts");
    if (phase === "counted") return t("postsCounted");
    if (phase !== "accepted") return "";
    const window = windowOf(state.at);
    return t("postsAccepted", { count: state.count, window: clock(window), seconds: Math.ceil((window.shown - state.at) / 1000) });
  }
}
