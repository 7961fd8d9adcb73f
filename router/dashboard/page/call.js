/**
 * One call of the page. The text of a refusal names the field, the rule and the value.
 * @param {string} path
 * @param {{ method?: string, body?: object }} [call]
 * @returns {Promise<{ ok: true, document: any } | { ok: false, status: number, why: string }>}
 */
export async function call(path, { method = "GET", body } = {}) {
  const init =
    body === undefined
      ? { method }
      : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(path, init);
    const text = await response.text();
    const document = parsed(text);
    if (response.ok) return { ok: true, document };
    const why = document?.detail ?? document?.error ?? text.trim();
    return { ok: false, status: response.status, why: why || `the router answered ${response.status}` };
  } catch {
    // Fetch tells no more than that there was no answer.
    return { ok: false, status: 0, why: "the router does not answer" };
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // A plain sentence, which is shown as it is.
    return undefined;
  }
}
