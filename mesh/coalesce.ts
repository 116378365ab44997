/** What happens often, told seldom. */

/**
 * Many calls within a time are one call of `tell`, at its end.
 * @param quietMs milliseconds
 * @param signal once it has aborted, nothing is told any more
 */
export function coalesced(quietMs: number, signal: AbortSignal, tell: () => void): () => void {
  let due = false;
  const wait = async () => {
    await scheduler.wait(quietMs);
    due = false;
    if (!signal.aborted) tell();
  };
  return () => {
    if (due) return;
    due = true;
    void wait();
  };
}
