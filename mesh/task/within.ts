/** A promise's value if it comes within `ms` milliseconds. No timer is left behind: one that is keeps its object in memory. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  const late = scheduler.wait(Math.max(0, ms), { signal: over.signal }).catch(() => undefined);
  try {
    return (await Promise.race([promise, late])) ?? undefined;
  } finally {
    over.abort();
  }
}
