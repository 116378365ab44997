/**
 * The border to browsers: a page of somebody else's may make a browser send requests here (DNS rebinding makes them look
 * like ours), with whatever key the browser holds. Only names of our own pass, as Host and as Origin.
 */
import { isValid } from "ipaddr.js";

export interface OwnNames {
  /** Hosts that are the mesh, as the deployment says. Empty: the platform routes by name, so every Host that arrives is ours. */
  readonly hosts: readonly string[];
  /** Whether the mesh listens on loopback alone: loopback's names are then ours. */
  readonly loopback: boolean;
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;
/** Listening on every address: names can't be known, addresses can't be rebound. */
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Why a request is not answered, or nothing. */
export function foreign(host: string | null, origin: string | null, own: OwnNames): string | undefined {
  const asked = hostnameOf(`http://${host ?? ""}`);
  if (asked === undefined || !isOwn(asked, own)) {
    return `The Host '${shown(host)}' is not a name of this mesh. HOPLINE_OWN_HOSTS lists its names.`;
  }
  // Clients that are no browsers send none.
  if (origin === null) return undefined;
  const page = hostnameOf(origin);
  if (page !== undefined && (page === asked || (own.hosts.length > 0 && isOwn(page, own)))) return undefined;
  return `The Origin '${shown(origin)}' is not one that this mesh answers.`;
}

function isOwn(hostname: string, { hosts, loopback }: OwnNames): boolean {
  if (hosts.length === 0) return true;
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (hosts.includes(hostname) || hosts.includes(bare)) return true;
  if (loopback && LOOPBACK.test(hostname)) return true;
  return hosts.some((one) => WILDCARDS.has(one)) && (isValid(bare) || hostname === "localhost");
}

/** Names by the texts that were seen last: a client sends the same with each request. Bounded. */
const HOSTNAMES = 100;
const hostnames = new Map<string, string | undefined>();

function hostnameOf(url: string): string | undefined {
  if (hostnames.has(url)) return hostnames.get(url);
  const hostname = URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") || undefined : undefined;
  // Nobody makes the mesh keep long texts.
  if (url.length <= SHOWN) hostnames.set(url, hostname);
  const [oldest] = hostnames.keys();
  if (hostnames.size > HOSTNAMES && oldest !== undefined) hostnames.delete(oldest);
  return hostname;
}

/** Characters of a name that an answer repeats. */
const SHOWN = 128;

function shown(value: string | null): string {
  return (value ?? "").slice(0, SHOWN).toWellFormed();
}
