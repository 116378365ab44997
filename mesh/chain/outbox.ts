/** Feeds the index with what has happened: at least once, in order; the index drops what it has heard by sequence. */
import { OUTBOX_BATCH } from "../limits.ts";
import type { Book } from "./book.ts";
import { clearDue } from "./due.ts";
import { forgetRemoved, type News, readNews, readSent, writeSent } from "./events.ts";

/** Who takes the news. */
export interface NewsReader {
  feed(ledger: string, news: News): Promise<void>;
}

/**
 * Sends until nothing is left, or until `enough` was sent. What was sent and not noted, because the process died, is sent again.
 * @param commit writes what is in memory: only rows are read, and a number that is passed is never read again
 */
export async function drainOutbox(
  book: Book,
  commit: () => void,
  reader: NewsReader,
  ledger: string,
  enough = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { sql } = book.database;
  for (;;) {
    commit();
    const after = readSent(sql);
    const upTo = Math.min(book.lastSeq, after + OUTBOX_BATCH);
    if (upTo <= after) return clearDue(sql, "outbox", 0);
    if (after >= enough) return;
    await reader.feed(ledger, readNews(sql, after, upTo));
    writeSent(sql, upTo);
    forgetRemoved(sql, after, upTo);
  }
}

export function hasUnsent(book: Book): boolean {
  return book.lastSeq > readSent(book.database.sql);
}
