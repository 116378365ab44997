/** What happens in one chain, event by event, as it was at each: read from the rows, for whoever follows it. */
import type { Rejection } from "../rejection.ts";
import type { Sql } from "../sql.ts";
import type { Amounts } from "./live.ts";
import { HOP_VIEW, type HopView, type HopViewColumns, toHopView } from "./views.ts";

/** `admitted` or `rejected` is a hop's first event, `ended` its last but for `late`. */
export type HappeningType = "admitted" | "rejected" | "retried" | "ended" | "late";

export interface Happening {
  /** Its number in the ledger's one sequence. */
  readonly seq: number;
  readonly type: HappeningType;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The hop as it was then. */
  readonly hop: HopView;
}

export interface Happenings {
  /** In their order. */
  readonly events: readonly Happening[];
  /** Everything up to this number has been read. */
  readonly upTo: number;
}

/** Numbers that one read goes through: other chains of the ledger have most of them, and must not wait for long. */
const WINDOW = 20_000;

type Columns = HopViewColumns & { readonly inputBytes: number; readonly lateBy: string | null };
type Row = Record<string, string | number | null>;

const COLUMNS = `${HOP_VIEW}, hop.input_bytes AS inputBytes, hop.late_by AS lateBy`;
const ABOVE = "LEFT JOIN hop AS above ON above.id = hop.parent";

/**
 * @param last the ledger's last number
 * @param most events at most
 */
export function readHappenings(sql: Sql, chain: number, after: number, last: number, most: number): Happenings {
  const upTo = Math.min(last, after + WINDOW);
  const read = <T>(query: string) => [...sql.exec<Row>(query, after, upTo, chain, most)] as unknown as T[];
  const begun = read<Columns>(
    `SELECT ${COLUMNS} FROM hop ${ABOVE} WHERE hop.id > ? AND hop.id <= ? AND hop.chain = ? ORDER BY hop.id LIMIT ?`,
  ).map(begin);
  // By the sequence, not by the chain: the unary plus keeps a chain's thousands of rows from being read for the new ones.
  const ended = read<Columns & { endedSeq: number }>(
    `SELECT ${COLUMNS}, hop.ended_seq AS endedSeq FROM hop ${ABOVE}
     WHERE hop.ended_seq > ? AND hop.ended_seq <= ? AND +hop.chain = ? AND hop.status <> 'rejected' ORDER BY hop.ended_seq LIMIT ?`,
  ).map(end);
  const noted = read<Columns & Noted>(
    `SELECT ${COLUMNS}, event.seq, event.type, event.at, event.body FROM event JOIN hop ON hop.id = event.hop ${ABOVE}
     WHERE event.seq > ? AND event.seq <= ? AND event.chain = ? ORDER BY event.seq LIMIT ?`,
  ).map(note);
  // A list that is full may go on: nothing beyond its last is complete.
  const whole = [begun, ended, noted].map((list) => (list.length < most ? upTo : (list.at(-1)?.seq ?? upTo)));
  const events = [...begun, ...ended, ...noted].sort((a, b) => a.seq - b.seq).slice(0, most);
  const cut = events.length === most ? (events.at(-1)?.seq ?? upTo) : upTo;
  const complete = Math.min(...whole, cut);
  return { events: events.filter(({ seq }) => seq <= complete), upTo: complete };
}

/** A hop at its admission, whatever has become of it. A refused one is over from its start. */
function begin({ inputBytes, lateBy: _, ...row }: Columns): Happening {
  const view = toHopView(row);
  const { row: seq, startedAt: at } = view;
  if (view.status === "rejected") return { seq, type: "rejected", at, hop: view };
  return { seq, type: "admitted", at, hop: opened(view, 1, { hops: 1, bytes: inputBytes, tokens: 0, costMicros: 0 }) };
}

function opened(view: HopView, attempt: number, used: Amounts): HopView {
  return { ...view, ...used, attempt, status: "open", rejection: null, endedAt: null, late: false, outputDigest: null };
}

/** A hop at its end: what a late result has corrected since is told by itself. */
function end({ endedSeq, inputBytes: _, lateBy, ...row }: Columns & { endedSeq: number }): Happening {
  const view = toHopView(row);
  const happening = { seq: endedSeq, type: "ended", at: view.endedAt ?? view.startedAt } as const;
  if (lateBy === null) return { ...happening, hop: { ...view, late: false } };
  const by = JSON.parse(lateBy) as Amounts;
  const { bytes, tokens, costMicros } = view;
  const used = { bytes: bytes - by.bytes, tokens: tokens - by.tokens, costMicros: costMicros - by.costMicros };
  return { ...happening, hop: { ...view, ...used, late: false, outputDigest: null } };
}

interface Noted {
  readonly seq: number;
  readonly type: "late" | "retried";
  readonly at: number;
  readonly body: string | null;
}

function note({ seq, type, at, body, inputBytes: _, lateBy: __, ...row }: Columns & Noted): Happening {
  const view = toHopView(row);
  if (type === "late") return { seq, type, at, hop: view };
  const { attempt, used, why } = JSON.parse(body ?? "{}") as { attempt?: number; used?: Amounts; why?: Rejection };
  return { seq, type, at, hop: { ...opened(view, attempt ?? view.attempt, used ?? view), rejection: why ?? null } };
}
