/** Those who are told at once when an agent is registered, changed or removed. Nobody polls, and no hop pays for it. */

const encoder = new TextEncoder();

export class Changes {
  readonly #waiting = new Set<() => void>();

  /** An agent has changed. */
  wake(): void {
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /**
   * The registry's revision after each change, a line each; first the present one, if it is later than `after`. Changes
   * that come while a reader is slow are told as one. A reader that leaves ends it.
   * @param over called when it has ended
   */
  follow(revision: () => number, after: number, over: () => void): ReadableStream<Uint8Array> {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const left = writer.closed.then(
      () => true,
      () => true,
    );
    this.#tell(writer, left, revision, after)
      .catch(() => writer.abort().catch(() => undefined))
      .finally(over);
    return readable;
  }

  async #tell(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    left: Promise<boolean>,
    revision: () => number,
    after: number,
  ): Promise<void> {
    let woken = revision() > after;
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const go = () => resolve(false);
      this.#waiting.add(go);
      if (woken) await writer.write(encoder.encode(`${revision()}\n`));
      woken = true;
      if (await Promise.race([promise, left])) {
        this.#waiting.delete(go);
        return;
      }
    }
  }
}
