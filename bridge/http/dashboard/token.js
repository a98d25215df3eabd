// SPDX-License-Identifier: Apache-2.0
// The operator's token. It comes in the fragment of the link that `tally up` prints, which browsers
// send to nobody; it is taken out of the address bar, and kept for as long as the tab lives.

const place = 'tally.token';
let token = '';

function recall() {
  try {
    return sessionStorage.getItem(place) ?? '';
  } catch {
    return '';  // storage is switched off: the token lives as long as the page
  }
}

export function takeToken() {
  const given = /^#token=([0-9A-Za-z._~+/=-]{1,512})$/.exec(location.hash);
  if (!given) {
    token ||= recall();
    return;
  }
  token = given[1];
  history.replaceState(null, '', location.pathname + location.search);
  try {
    sessionStorage.setItem(place, token);
  } catch {
    return;
  }
}

export const hasToken = () => token !== '';

// Sends an operator's command; throws an Error with words for the reader if it is refused.
export async function command(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(10000),
    });
  } catch {
    throw new Error('the bridge did not answer');
  }
  if (answer.ok) return;
  if (answer.status === 401 || answer.status === 403) {
    throw new Error('the token was refused; open the link that the running tally up printed');
  }
  const problem = await answer.json().catch(() => ({}));
  throw new Error(String(problem.detail || problem.title || `status ${answer.status}`));
}
