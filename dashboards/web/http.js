// Every request of the page. Each has a deadline, and fails with one kind of error that can be shown.

export class Problem extends Error {
  constructor(kind, detail, more = {}) {
    super(detail);
    this.kind = kind; // signed-out, denied, missing, late, unreachable, busy, invalid, server
    Object.assign(this, more);
  }
}

const KINDS = { 401: "signed-out", 403: "denied", 404: "missing", 429: "busy", 503: "busy" };

export const DEADLINE = 20_000;

export async function send(method, path, { query, body, signal, deadline = DEADLINE } = {}) {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort("late"), deadline);
  const stop = () => end.abort("left");
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const response = await fetch(target(path, query), {
      method,
      signal: end.signal,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return await taken(response);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (end.signal.reason === "late") {
      throw new Problem("late", `There was no answer within ${Math.round(deadline / 1000)} s. A shorter range or one team is faster.`);
    }
    if (end.signal.aborted) throw new Problem("left", "");
    throw new Problem("unreachable", "Easel cannot be reached. Is it running, and is this device online?");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

export function get(path, query, options) {
  return send("GET", path, { query, ...options });
}

function target(path, query) {
  const text = new URLSearchParams(
    Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== ""),
  ).toString();
  return text ? `${path}?${text}` : path;
}

async function taken(response) {
  if (response.status === 204) return null;
  const isJSON = /[/+]json\b/.test(response.headers.get("Content-Type") ?? "");
  const body = isJSON ? await response.json() : null;
  if (response.ok) {
    if (body === null) throw new Problem("server", "The answer is not JSON; something in between may have answered.");
    return body;
  }
  const kind = KINDS[response.status] ?? (response.status < 500 ? "invalid" : "server");
  const retry = Number(response.headers.get("Retry-After")) || null;
  const problem = new Problem(kind, body?.detail ?? body?.title ?? `The answer was status ${response.status}.`, {
    status: response.status,
    code: body?.code ?? null,
    errors: body?.errors ?? [],
    callID: body?.call_id ?? null,
    retry,
  });
  if (kind === "signed-out") document.dispatchEvent(new CustomEvent("easel:signed-out", { detail: problem.message }));
  throw problem;
}
