/** A status as a sign and a word; its colour only repeats them. */
import { icon } from "../../../mesh/chain/render/svg/icons.ts";
import type { ChainStatus, HopStatus } from "../shapes.ts";

/** The sign that a chain shares with the hops that end as it did. */
const SIGNS: Readonly<Record<ChainStatus, HopStatus>> = {
  running: "open",
  done: "done",
  failed: "error",
  cancelled: "cancelled",
  expired: "lost",
};

export function ChainStatusMark({ status }: { readonly status: ChainStatus }) {
  return <Mark sign={SIGNS[status]} word={status} />;
}

export function HopStatusMark({ status }: { readonly status: HopStatus }) {
  return <Mark sign={status} word={status} />;
}

/** The sign alone, for where its word stands nearby or in the label. */
export function Sign({ status }: { readonly status: HopStatus }) {
  return (
    <svg class="sign" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
      <SignShape status={status} x={0} y={0} />
    </svg>
  );
}

/** The sign within a drawing. Its markup is made of the status alone: no text of anybody gets into it. */
export function SignShape({ status, x, y }: { readonly status: HopStatus; readonly x: number; readonly y: number }) {
  return <g dangerouslySetInnerHTML={{ __html: icon(status, x, y) }} />;
}

function Mark({ sign, word }: { readonly sign: HopStatus; readonly word: string }) {
  return (
    <span class={`mark ${sign}`}>
      <Sign status={sign} />
      {word}
    </span>
  );
}
