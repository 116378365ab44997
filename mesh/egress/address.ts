/** Which addresses the mesh may reach. Pure: names are judged as far as their spelling tells; the platform resolves them. */
import { IPv6, isValid, parse } from "ipaddr.js";

export interface EgressPolicy {
  /** Loopback targets, for a mesh that itself listens on loopback only. Never set when deployed. */
  readonly allowLoopback: boolean;
  /** Ports and hosts of the mesh itself: a call to it would be a hop that nobody admitted. */
  readonly own: { readonly hosts: readonly string[]; readonly port: string };
}

const LOOPBACK_NAMES = /(^|\.)localhost$/;
const METADATA_NAMES = /^metadata$|(^|\.)metadata(\.google)?\.internal$|^instance-data(\.|$)/;
/** Azure's, which lies in a public range. */
const METADATA_ADDRESSES = new Set(["168.63.129.16"]);

interface Verdict {
  readonly url: URL;
  readonly refusal: string | undefined;
}

/** Verdicts that are remembered of each policy: on URLs as the agents of a mesh have them. */
const VERDICTS = 1_000;
const verdicts = new WeakMap<EgressPolicy, Map<string, Verdict>>();

/** A URL by its text, with why it may not be reached, or nothing. Nothing at all when it is none. */
export function judged(text: string, policy: EgressPolicy): Verdict | undefined {
  const remembered = verdicts.get(policy) ?? new Map<string, Verdict>();
  verdicts.set(policy, remembered);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const verdict = { url, refusal: egressRefusal(url, policy) };
  remembered.set(text, verdict);
  const [oldest] = remembered.keys();
  if (remembered.size > VERDICTS && oldest !== undefined) remembered.delete(oldest);
  return verdict;
}

/** Origins by which a mesh was reached that are remembered; whoever calls chooses them. */
const ORIGINS = 100;
const reached = new WeakMap<EgressPolicy, Map<string, EgressPolicy>>();

/** The policy of a request that has reached the mesh by this URL: its host is the mesh as well, whatever it is called. */
export function policyAt(requestUrl: string, policy: EgressPolicy): EgressPolicy {
  const known = reached.get(policy) ?? new Map<string, EgressPolicy>();
  reached.set(policy, known);
  const { own } = policy;
  const origin = /^[^/]*\/\/[^/?#]*/.exec(requestUrl)?.[0] ?? requestUrl;
  const found = known.get(origin) ?? {
    ...policy,
    own: { ...own, hosts: [...own.hosts, new URL(requestUrl).hostname] },
  };
  if (known.size >= ORIGINS) known.clear();
  known.set(origin, found);
  return found;
}

/** Why a URL may not be reached, or nothing. */
export function egressRefusal(url: URL, policy: EgressPolicy): string | undefined {
  if (url.protocol !== "http:" && url.protocol !== "https:") return `${url.protocol} is not http: or https:`;
  if (url.username !== "" || url.password !== "") return "credentials in a URL are not sent";
  const host = bareHost(url);
  const range = rangeOf(host);
  const loopback = range === "loopback" || LOOPBACK_NAMES.test(host);
  if (METADATA_NAMES.test(host) || METADATA_ADDRESSES.has(host)) return `${host} is a metadata address`;
  if (isOwn(url, host, loopback, policy)) return "this is the mesh itself: call its agents by name";
  if (loopback) return policy.allowLoopback ? undefined : `${host} is a loopback address`;
  return range === undefined || range === "unicast" ? undefined : `${host} is not a public address (${range})`;
}

/** In loopback mode a name that we cannot resolve, on our own port, may well be us: what can't be decided is refused. */
function isOwn(url: URL, host: string, loopback: boolean, { own, allowLoopback }: EgressPolicy): boolean {
  const port = portOf(url);
  const scheme = SCHEME_PORTS.has(own.port) && SCHEME_PORTS.has(port);
  if (own.hosts.includes(host) && (port === own.port || scheme)) return true;
  return allowLoopback && port === own.port && (loopback || rangeOf(host) === undefined);
}

/** A public host answers on both, or redirects from one to the other. */
const SCHEME_PORTS: ReadonlySet<string> = new Set(["80", "443"]);

function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

/** Without brackets and the root's dot. The URL parser has already lower-cased names and normalised IPv4 spellings. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** The range of an address, those within IPv6 (mapped, NAT64) unwrapped; nothing for a name. */
function rangeOf(host: string): string | undefined {
  if (!isValid(host)) return undefined;
  const address = parse(host);
  if (address instanceof IPv6) {
    if (address.isIPv4MappedAddress()) return address.toIPv4Address().range();
    // Of IPv6 only 2000::/3 is public; what embeds an IPv4 address within it is judged by nobody, so it is not reached.
    const global = ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
    if (address.range() === "unicast" && !global) return "reserved";
    if (address.range() === "rfc6052" || address.range() === "6to4" || address.range() === "teredo") return "embedded";
  }
  return address.range();
}

/**
 * The address that tells whether two agents are the same: the URL without its fragment, with loopback's names as one.
 * Deliberately coarse: two spellings of one server must not pass for two agents.
 */
export function canonicalUrl(url: string): string {
  const parsed = new URL(url);
  parsed.hash = "";
  parsed.username = "";
  parsed.password = "";
  parsed.hostname = parsed.hostname.replace(/\.$/, "");
  parsed.searchParams.sort();
  const host = bareHost(parsed);
  if (rangeOf(host) === "loopback" || LOOPBACK_NAMES.test(host)) parsed.hostname = "localhost";
  return parsed.href;
}
