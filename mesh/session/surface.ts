/** What speaks in a session. The entry point provides it: the core keeps sessions, and knows no surface. */
import type { AuthInfo, Server } from "@modelcontextprotocol/server";
import type { SessionCaller } from "./caller.ts";

/** Who asks, with what the surface needs to answer: made for one request, from what the Worker says of it. */
export type Who = AuthInfo;

export interface SessionSurface {
  readonly who: (caller: SessionCaller, url: string, env: unknown, defer: (work: Promise<unknown>) => void) => Who;
  readonly speaker: (subscriptions: Subscriptions, env: unknown) => Speaker;
  /** Who asks, with the call that the request goes on with. */
  readonly goingOn: (who: Who, begun: Begun) => Who;
  /** The registry's revision now. */
  readonly revision: (who: Who) => Promise<number>;
  readonly followLists: (
    who: Who,
    after: number,
    signal: AbortSignal,
    changed: (list: "tools" | "prompts" | "resources", revision: number) => void,
  ) => Promise<void>;
  readonly followResource: (who: Who, uri: string, signal: AbortSignal, updated: () => void) => Promise<void>;
}

/** What answers in one session. */
export interface Speaker {
  readonly server: Server;
  /** Begins an ordinary call, outside of the server. */
  readonly begin: (who: Who, call: SessionCall) => Begun;
}

/** An ordinary call, as the Worker has read and checked it. */
export interface SessionCall {
  readonly id: string | number;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A call that runs. */
export interface Begun {
  /** The whole answer as JSON, if it comes soon; nothing where the server is to go on with it. */
  readonly soon: () => Promise<string | undefined>;
  readonly cancel: () => void;
}

/** What a session keeps of what its client wants: the resources that it follows, and how much it wants to hear. */
export interface Subscriptions {
  /** @returns whether there was room for it */
  readonly add: (uri: string, who: Who) => boolean;
  readonly remove: (uri: string) => void;
  /** From which level on it wants log messages, where it has said so. */
  readonly level: string | undefined;
  readonly setLevel: (level: string) => void;
}

let provided: SessionSurface | undefined;

export function provideSessionSurface(surface: SessionSurface): void {
  provided = surface;
}

/** @throws {Error} where none was provided */
export function sessionSurface(): SessionSurface {
  if (provided === undefined) throw new Error("Nothing was provided that speaks in sessions.");
  return provided;
}
