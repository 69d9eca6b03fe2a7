const form = document.querySelector('#form');
const status = document.querySelector('#status');
const list = document.querySelector('#entries');

// What is written in the book is text, whatever it looks like.
function element(name, text) {
  const result = document.createElement(name);
  result.textContent = text;
  return result;
}

function item(entry) {
  const result = document.createElement('li');
  const time = element('time', new Date(entry.createdAt).toLocaleString());
  time.dateTime = entry.createdAt;
  result.append(element('strong', entry.name), ' ', time, element('p', entry.message));
  return result;
}

// request returns the JSON of an answer, or fails with what the API says is wrong.
async function request(options) {
  const response = await fetch('/api/entries', options);
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const fields = (body.errors ?? []).map((e) => `${(e.pointer ?? '').slice(1)}: ${e.detail}`);
  throw new Error(fields.join('; ') || body.detail || `the guestbook answers ${response.status}`);
}

async function show() {
  const { entries } = await request();
  list.replaceChildren(...entries.map(item));
}

async function sign(event) {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  status.textContent = '';
  try {
    const body = JSON.stringify(Object.fromEntries(new FormData(form)));
    await request({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    form.reset();
    status.textContent = 'Thank you!';
    await show();
  } catch (error) {
    status.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

form.addEventListener('submit', sign);
show().catch((error) => { status.textContent = error.message; });
