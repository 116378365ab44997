/** Texts that others wrote, and amounts. Whatever a name holds, it is a text node, isolated from what stands beside it. */
import { shownName, visible } from "../../../mesh/chain/render/text.ts";

const NAME_CHARS = 80;

export function Name({ of, most = NAME_CHARS }: { readonly of: string; readonly most?: number }) {
  const shown = shownName(of, most);
  return (
    <bdi class="name" title={shown.endsWith("…") ? visible(of, 1_000) : undefined}>
      {shown}
    </bdi>
  );
}

/** A sentence or a text of any length. */
export function Text({ of }: { readonly of: string }) {
  return <bdi class="text">{visible(of)}</bdi>;
}

/** `agent/skill`; an agent's only skill is often named as itself. */
export function Callee({ callee, skill }: { readonly callee: string; readonly skill: string }) {
  return (
    <>
      <Name of={callee} />
      {skill === "" || skill === callee ? null : (
        <span class="soft">
          /<Name of={skill} />
        </span>
      )}
    </>
  );
}

/** A path of names from the root; the last is the callee. */
export function Path({ names }: { readonly names: readonly string[] }) {
  return (
    <span class="path">
      {names.map((name, place) => (
        <span key={place}>
          {place === 0 ? null : <span class="soft"> → </span>}
          <Name of={name} />
        </span>
      ))}
    </span>
  );
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const DAY_MS = 24 * 3_600_000;

/** A time of day, with its date when that is not today's. */
export function Time({ at }: { readonly at: number }) {
  const isToday = Date.now() - at < DAY_MS / 2;
  return (
    <time dateTime={new Date(at).toISOString()} title={WHOLE.format(at)}>
      {(isToday ? CLOCK : DAY).format(at)}
    </time>
  );
}

/** JSON as it is, with what can't be seen made visible, line breaks kept. */
export function Json({ value }: { readonly value: unknown }) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "null");
  return (
    <pre class="json">
      <bdi>
        {text
          .split("\n")
          .map((line) => visible(line))
          .join("\n")}
      </bdi>
    </pre>
  );
}
