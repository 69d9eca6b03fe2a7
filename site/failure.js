// failure.js has the errors that the page shows.

// Failure is an error that can be shown. Its kind is network, throttled, signin,
// server or refused; a refusal may have problem details (RFC 9457).
export class Failure extends Error {
  constructor(kind, { status, detail, errors } = {}) {
    super(detail ?? kind);
    Object.assign(this, { kind, status, detail, errors: errors ?? [] });
  }
}
