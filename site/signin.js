// signin.js signs visitors in by the authorization code flow with PKCE
// (RFC 6749, RFC 7636). Tokens stay in this tab: they are in sessionStorage only.

import { Failure } from "./failure.js";

const sessionKey = "noidle.session";
const flowKey = "noidle.flow";
const changes = new EventTarget();
let server; // config.signIn: {url, clientId, scopes}; undefined in an app without sign-in
let refreshing;

// onSession calls back when someone signs in or out, or a session expires.
export const onSession = (callback) => changes.addEventListener("change", callback);

// available tells whether this deployment has sign-in.
export const available = () => server !== undefined;

// user is {name, id} of who is signed in, or null.
export const user = () => read(sessionKey)?.user ?? null;

// start takes the configuration and, if the sign-in page just sent the visitor
// back, finishes the flow. It throws what the page is to show.
export async function start(signInConfig) {
  server = signInConfig;
  const answer = new URLSearchParams(location.search);
  if (!server || !(answer.has("code") || answer.has("error"))) return;
  const flow = read(flowKey);
  sessionStorage.removeItem(flowKey);
  history.replaceState(null, "", location.pathname + (flow?.place ?? ""));
  if (answer.has("error")) throw new Failure("flow", { detail: answer.get("error_description") ?? answer.get("error") });
  if (!flow || answer.get("state") !== flow.state) throw new Failure("state");
  await exchange({
    grant_type: "authorization_code",
    code: answer.get("code"),
    redirect_uri: home(),
    code_verifier: flow.verifier,
  });
}

// signIn leads to the sign-in page, which leads back.
export async function signIn() {
  const flow = { verifier: random(), state: random(), place: location.hash };
  sessionStorage.setItem(flowKey, JSON.stringify(flow));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(flow.verifier));
  leave("/oauth2/authorize", {
    response_type: "code",
    client_id: server.clientId,
    redirect_uri: home(),
    scope: server.scopes.join(" "),
    state: flow.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
}

// signOut forgets the tokens and ends the session of the sign-in page.
export function signOut() {
  sessionStorage.removeItem(sessionKey);
  leave("/logout", { client_id: server.clientId, logout_uri: home() });
}

// expire forgets tokens that an API no longer takes.
export function expire() {
  sessionStorage.removeItem(sessionKey);
  changes.dispatchEvent(new Event("change"));
}

// token returns an access token that is good for another minute.
export async function token() {
  const session = read(sessionKey);
  if (!session) throw new Failure("signin");
  if (session.expires - Date.now() > 60_000) return session.access;
  refreshing ??= exchange({ grant_type: "refresh_token", refresh_token: session.refresh })
    .finally(() => (refreshing = undefined));
  try {
    await refreshing;
  } catch (error) {
    if (error.kind !== "flow") throw error;
    expire();
    throw new Failure("signin");
  }
  return read(sessionKey).access;
}

async function exchange(parameters) {
  let response, tokens;
  try {
    const body = new URLSearchParams({ client_id: server.clientId, ...parameters });
    response = await fetch(`${server.url}/oauth2/token`, { method: "POST", body });
    tokens = await response.json();
  } catch {
    throw new Failure("network");
  }
  if (response.status >= 500) throw new Failure("server", { status: response.status });
  if (!response.ok) throw new Failure("flow", { detail: tokens.error_description ?? tokens.error });
  const claims = JSON.parse(new TextDecoder().decode(bytes(tokens.id_token.split(".")[1])));
  sessionStorage.setItem(sessionKey, JSON.stringify({
    access: tokens.access_token,
    refresh: tokens.refresh_token ?? parameters.refresh_token,
    expires: Date.now() + tokens.expires_in * 1000,
    user: { name: claims.name ?? claims.email ?? claims["cognito:username"], id: claims.sub },
  }));
  changes.dispatchEvent(new Event("change"));
}

const home = () => `${location.origin}/`;
const read = (key) => JSON.parse(sessionStorage.getItem(key));
const leave = (path, parameters) => location.assign(`${server.url}${path}?${new URLSearchParams(parameters)}`);
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const base64url = (data) => btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
