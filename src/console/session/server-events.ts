/** Server-sent events of an answer. EventSource would do, if it could send a key. */
import { createParser } from "eventsource-parser";

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | undefined;
}

/** Reads until the stream ends. @throws when it breaks */
export async function readEvents(response: Response, onEvent: (event: ServerEvent) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const parser = createParser({
    onEvent: ({ event = "message", data, id }) => onEvent({ event, data: JSON.parse(data) as unknown, id }),
  });
  for (let part = await reader.read(); !part.done; part = await reader.read()) parser.feed(part.value);
}
