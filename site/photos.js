// photos.js uploads photos, shows their thumbnails and deletes them.

import { errorBox, request } from "./api.js";
import { $, h, say, sleep } from "./dom.js";
import { Failure } from "./failure.js";
import { language, onLanguage, t } from "./i18n.js";
import { onSession, user } from "./signin.js";

const types = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const maxBytes = 20 * 1024 * 1024;

let photos = []; // as the API has them; uploads have {name, progress} and maybe error
let phase = "idle"; // idle, loading, ready or error
let failure;
let message = ["photosIdle"];
let owner;

export function start() {
  const input = $("#photo-input");
  const zone = $("#drop-zone");
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  // A photo that misses the zone must not replace the page.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, () => zone.classList.toggle("over", !input.disabled));
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => !input.disabled && add([...event.dataTransfer.files]));
  addEventListener("beforeunload", (event) => photos.some(uploading) && event.preventDefault());
  onSession(sessionChanged);
  onLanguage(render);
  sessionChanged();
}

function sessionChanged() {
  const id = user()?.id;
  if (id && id === owner) return;
  owner = id;
  photos = [];
  phase = "idle";
  if (id) load();
  else render();
}

async function load() {
  phase = "loading";
  render();
  try {
    photos = (await request("GET", "/photos", { signed: true })).photos;
    phase = "ready";
    tell("photosIdle");
    for (const photo of photos) watch(photo);
  } catch (error) {
    phase = "error";
    failure = error;
  }
  render();
}

async function add(files) {
  const added = files.map((file) => ({ name: file.name, progress: 0 }));
  photos.unshift(...added.toReversed());
  render();
  for (const [i, file] of files.entries()) {
    const photo = added[i];
    if (!photos.includes(photo)) return; // The session is over.
    try {
      await upload(file, photo);
      watch(photo);
    } catch (error) {
      photo.error = error;
      tell("uploadFailed", photo);
    }
    render();
  }
}

async function upload(file, photo) {
  if (!types.includes(file.type)) throw new Failure("wrongType");
  if (file.size === 0 || file.size > maxBytes) throw new Failure("wrongSize");
  tell("uploading", photo);
  const body = JSON.stringify({ name: file.name, type: file.type, bytes: file.size });
  const created = await request("POST", "/photos", { signed: true, body });
  photo.id = created.id; // Also what does not arrive can be deleted.
  await put(created.upload, file, (progress) => {
    photo.progress = progress;
    photo.card?.querySelector("progress")?.setAttribute("value", progress);
  });
  Object.assign(photo, { status: "WAITING", progress: undefined });
  tell("processing", photo);
}

// put is an XMLHttpRequest because fetch does not tell the progress of an upload.
function put({ method, url, headers }, file, onprogress) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open(method, url);
    for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
    sending.upload.onprogress = (event) => onprogress(event.loaded / event.total);
    sending.onload = () => (sending.status < 300 ? resolve() : reject(new Failure("upload", { status: sending.status })));
    sending.onerror = () => reject(new Failure("network"));
    sending.send(file);
  });
}

// watch asks for a photo until its thumbnails are there or it is rejected.
async function watch(photo) {
  for (let pause = 500; unfinished(photo) && photos.includes(photo); pause = Math.min(pause * 1.4, 5000)) {
    await sleep(pause);
    try {
      Object.assign(photo, await request("GET", `/photos/${photo.id}`, { signed: true }));
    } catch (error) {
      if (error.kind === "refused" || error.kind === "signin") photo.error = error;
      else continue;
    }
    if (!unfinished(photo) && photos.includes(photo)) tell(photo.status === "READY" ? "photoReady" : "photoRejected", photo);
    render();
  }
}

const unfinished = (photo) => !photo.error && (photo.status === "WAITING" || photo.status === "PROCESSING");

const uploading = (photo) => photo.progress !== undefined && !photo.error;

async function remove(photo) {
  photo.deleting = true;
  render();
  try {
    if (photo.id) await request("DELETE", `/photos/${photo.id}`, { signed: true });
    photos = photos.filter((other) => other !== photo);
    tell("photoDeleted", photo);
    $("#photos").focus();
  } catch (error) {
    photo.error = error;
  }
  photo.deleting = false;
  render();
}

function tell(key, photo) {
  message = [key, { name: photo?.name }];
}

function render() {
  const input = $("#photo-input");
  input.disabled = phase !== "ready";
  $("#drop-zone").classList.toggle("off", input.disabled);
  say($("#photo-live"), t(...(user() ? message : ["photosIdle"])));
  $("#photos").setAttribute("aria-busy", phase === "loading");
  $("#photos").replaceChildren(...content());
}

function content() {
  if (phase === "loading") return [1, 2, 3].map(() => h("li", { class: "photo skeleton", "aria-hidden": "true" }, h("div", { class: "frame" })));
  if (phase === "error") return [h("li", { class: "wide" }, errorBox(failure, load))];
  if (photos.length === 0) return [h("li", { class: "wide empty" }, t(user() ? "photosEmpty" : "photosSignedOut"))];
  return photos.map(card);
}

// card returns the photo's card: the one that it has, unless something changed, so
// that images stay and the focus is not lost.
function card(photo) {
  const { card: old, cardOf, ...shown } = photo;
  const key = JSON.stringify([language(), shown.status, shown.progress === undefined, shown.error?.kind, shown.deleting]);
  if (key === cardOf) return old;
  const thumbnails = (photo.thumbnails ?? []).toSorted((a, b) => a.width - b.width);
  const best = thumbnails.find((thumbnail) => thumbnail.width >= 320) ?? thumbnails.at(-1);
  photo.cardOf = key;
  photo.card = h("li", { class: "photo", "data-status": photo.status ?? "UPLOADING" },
    h("div", { class: "frame" }, best
      ? h("img", { src: best.url, width: best.width, height: best.height, alt: t("thumbnailOf", { name: photo.name }) })
      : h("span", { class: photo.error || photo.status === "REJECTED" ? "sign bad" : "sign", "aria-hidden": "true" }, photo.error || photo.status === "REJECTED" ? "✕" : "…")),
    h("p", { class: "photo-name", dir: "auto", title: photo.name }, photo.name),
    ...details(photo, thumbnails),
    (photo.progress === undefined || photo.error) && h("button", {
      type: "button", class: "secondary small", disabled: photo.deleting, "aria-label": t("deletePhoto", { name: photo.name }), onclick: () => remove(photo),
    }, t("delete")));
  return photo.card;
}

function details(photo, thumbnails) {
  if (photo.error) return [errorBox(photo.error)];
  if (photo.progress !== undefined) return [h("progress", { max: 1, value: photo.progress, "aria-label": t("uploading", photo) })];
  if (photo.status === "REJECTED") return [h("p", { class: "bad" }, t("rejected"), " ", h("span", { lang: "en" }, photo.reason ?? ""))];
  if (photo.status !== "READY") return [h("p", { class: "muted" }, t(`photo_${photo.status}`))];
  return [h("p", { class: "sizes" }, ...thumbnails.map((thumbnail) =>
    h("a", { href: thumbnail.url, target: "_blank", rel: "noopener" }, `${thumbnail.width}×${thumbnail.height}`)))];
}
