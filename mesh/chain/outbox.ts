/** Feeds the index with what has happened: at least once, in order; the index drops what it has seen by sequence. */
import { OUTBOX_BATCH } from "../limits.ts";
import type { Database } from "../sql.ts";
import { clearDue } from "./due.ts";
import { type OutboxEvent, readOutbox, readSent, writeSent } from "./events.ts";

/** Who takes the events. `after` is the sequence that the batch follows. */
export interface OutboxReader {
  feed(ledger: string, events: readonly OutboxEvent[]): Promise<void>;
}

/** Sends until nothing is left. What was sent and not noted, because the process died, is sent again. */
export async function drainOutbox(database: Database, reader: OutboxReader, ledger: string): Promise<void> {
  for (;;) {
    const events = readOutbox(database.sql, readSent(database.sql), OUTBOX_BATCH);
    const last = events.at(-1);
    if (last === undefined) return clearDue(database.sql, "outbox", 0);
    await reader.feed(ledger, events);
    writeSent(database.sql, last.seq);
    if (events.length < OUTBOX_BATCH && readOutbox(database.sql, last.seq, 1).length === 0) {
      return clearDue(database.sql, "outbox", 0);
    }
  }
}
