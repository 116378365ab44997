/** Where the reader is: all of it stands in the fragment, so that links, reloads and the back button work. */
import { useLayoutEffect, useState } from "preact/hooks";
import { takeKeyFromAddress } from "./key.ts";

export interface Route {
  readonly page: "chains" | "chain" | "agents" | "agent" | "unknown";
  /** The chain's id or the agent's name. */
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
}

/** @param fragment with or without its `#` */
export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#/, "").split("?", 2);
  const [, list = "", id = ""] = path.split("/");
  const params = Object.fromEntries(new URLSearchParams(query));
  if (list === "" || list === "chains") return { page: id === "" ? "chains" : "chain", id: decoded(id), params };
  if (list === "agents") return { page: id === "" ? "agents" : "agent", id: decoded(id), params };
  return { page: "unknown", id: "", params };
}

/** A link within the console. Parameters without a value are left out. */
export function href(path: string, params: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== "") as [string, string][];
  return `#${path}${given.length === 0 ? "" : `?${new URLSearchParams(given)}`}`;
}

/** Goes on without a new entry for the back button: for what is typed or picked on one page. */
export function replaceRoute(link: string): void {
  history.replaceState(null, "", link);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  // Before the first paint: a link that is followed meanwhile must not be missed.
  useLayoutEffect(() => {
    const follow = () => {
      takeKeyFromAddress();
      setRoute((before) => {
        const next = parseRoute(location.hash);
        return JSON.stringify(next) === JSON.stringify(before) ? before : next;
      });
    };
    addEventListener("hashchange", follow);
    addEventListener("popstate", follow);
    follow();
    return () => {
      removeEventListener("hashchange", follow);
      removeEventListener("popstate", follow);
    };
  }, []);
  return route;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
