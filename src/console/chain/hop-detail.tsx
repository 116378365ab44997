/** Everything about one hop; of a refused one first which rule refused it, and why. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { cost, counted, duration, grouped } from "../../../mesh/chain/render/words.ts";
import { bytes } from "../parts/amount.ts";
import { HopStatusMark, Sign } from "../parts/status.tsx";
import { Callee, Json, Name, Path, Text, Time } from "../parts/text.tsx";
import type { HopEvent } from "../shapes.ts";
import { ruleOf } from "./rule.ts";

interface HopDetailProps {
  readonly hop: HopEvent;
  readonly hops: readonly HopEvent[];
  /** Epoch milliseconds by the mesh's clock: the chain's start, and now. */
  readonly from: number;
  readonly now: number;
  readonly onPick: (hopId: string) => void;
  readonly onClose: () => void;
}

export function HopDetail({ hop, hops, from, now, onPick, onClose }: HopDetailProps) {
  const below = hops.filter(({ parentHopId }) => parentHopId === hop.hopId);
  const above = hops.find(({ hopId }) => hopId === hop.parentHopId);
  const top = useRef<HTMLElement>(null);
  useEffect(() => top.current?.scrollTo(0, 0), [hop.hopId]);
  const { usage } = hop;
  return (
    <aside class="detail" ref={top} aria-label="Hop">
      <div class="detail-head">
        <h2>
          <Callee callee={hop.callee} skill={hop.skill} />
        </h2>
        <button type="button" class="quiet close" aria-label="Close the hop" onClick={onClose}>
          ✕
        </button>
      </div>
      <p>
        <HopStatusMark status={hop.status} />
      </p>
      <Why hop={hop} />
      <dl class="fields">
        <Field word="Path">
          <Path names={hop.path} />
        </Field>
        <Field word="Called by">
          {above === undefined ? <Name of={hop.caller} /> : <HopLink hop={above} onPick={onPick} />}
        </Field>
        <Field word="Started">
          <Time at={hop.startedAt} />
          <span class="soft"> +{duration(hop.startedAt - from)}</span>
        </Field>
        {hop.status === "rejected" ? null : (
          <Field word={hop.endedAt === null ? "Running for" : "Took"}>
            {duration(hop.endedAt === null ? Math.max(0, now - hop.startedAt) : usage.wallMs)}
          </Field>
        )}
        <Field word="Used">
          {[
            counted(usage.tokens, "token"),
            usage.costMicros === 0 ? "$0" : cost(usage.costMicros),
            bytes(usage.bytes),
          ].join(" · ")}
        </Field>
        <Field word="Attempts">
          {grouped(hop.attempt)}
          {hop.late ? <span class="soft"> · its result came late</span> : null}
        </Field>
        <Field word="Kind">{hop.kind}</Field>
        <Field word="Depth">{hop.depth}</Field>
        <Field word="Hop id">
          <span class="id">{hop.hopId}</span>
        </Field>
        <Field word="Input SHA-256">
          <span class="id">{hop.inputDigest}</span>
        </Field>
        {hop.outputDigest === null ? null : (
          <Field word="Output SHA-256">
            <span class="id">{hop.outputDigest}</span>
          </Field>
        )}
        {hop.metadata === undefined ? null : (
          <Field word="Metadata">
            <Json value={hop.metadata} />
          </Field>
        )}
      </dl>
      <Calls below={below} onPick={onPick} />
    </aside>
  );
}

function Field({ word, children }: { readonly word: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Why({ hop: { status, code, detail } }: { readonly hop: HopEvent }) {
  if (code === null) return null;
  return (
    <div class={`why ${status}`}>
      <p>
        <b>{ruleOf(code)}</b> <code>{code}</code>
      </p>
      {detail === null ? null : (
        <p>
          <Text of={detail} />
        </p>
      )}
    </div>
  );
}

/** Rows of a list that is longer are in the timeline. */
const CALLS = 50;

function Calls({ below, onPick }: { readonly below: readonly HopEvent[]; readonly onPick: (hopId: string) => void }) {
  if (below.length === 0) return null;
  return (
    <>
      <h3>{counted(below.length, "call")}</h3>
      <ul class="calls">
        {below.slice(0, CALLS).map((hop) => (
          <li key={hop.hopId}>
            <HopLink hop={hop} onPick={onPick} />
          </li>
        ))}
      </ul>
      {below.length <= CALLS ? null : <p class="soft">… and {grouped(below.length - CALLS)} more in the timeline</p>}
    </>
  );
}

function HopLink({ hop, onPick }: { readonly hop: HopEvent; readonly onPick: (hopId: string) => void }) {
  return (
    <button type="button" class="link" onClick={() => onPick(hop.hopId)}>
      <Sign status={hop.status} />
      <Callee callee={hop.callee} skill={hop.skill} />
      <span class="unseen">, {hop.status}</span>
    </button>
  );
}
