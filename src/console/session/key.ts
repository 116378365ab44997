/**
 * The key: taken from the printed link's fragment, which servers never see, and off the address bar at once; then kept
 * for this tab alone, until it is closed or signed out.
 */
const NAME = "hopline.key";

type Listener = () => void;
const listeners = new Set<Listener>();
let refused: string | undefined;

export function readKey(): string | undefined {
  return sessionStorage.getItem(NAME) ?? undefined;
}

/** Why the last key was refused, to be said where another is asked for. */
export function whyRefused(): string | undefined {
  return refused;
}

export function keepKey(key: string): void {
  refused = undefined;
  sessionStorage.setItem(NAME, key);
  tell();
}

/** @param why said to whoever is asked for another key; absent when somebody signs out */
export function forgetKey(why?: string): void {
  if (readKey() === undefined) return;
  refused = why;
  sessionStorage.removeItem(NAME);
  tell();
}

export function onKey(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Called before anything is drawn, and whenever the fragment changes: a link may be pasted into an open page. */
export function takeKeyFromAddress(): void {
  const given = /^#key=([^&]+)/.exec(location.hash)?.[1];
  if (given === undefined) return;
  history.replaceState(null, "", `${location.pathname}#/chains`);
  keepKey(decoded(given));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
