// dom.js makes and finds elements.

export const $ = (selector) => document.querySelector(selector);

// h makes an element: h("a", {href, class, onclick}, "text", child, …). Attributes
// that are false or null, and children that are, are left out.
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value == null) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

// say puts text into a live region, only if it changes, so that it is read once.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// first calls back for the first of events that follow each other quickly, as those of
// a double click and of a key that is held down do.
export function first(callback) {
  let last = -Infinity;
  return (event) => {
    event.preventDefault();
    const pause = event.timeStamp - last;
    last = event.timeStamp;
    if (pause > 700) callback();
  };
}

// sleep resolves after some milliseconds, and rejects when the signal aborts.
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
