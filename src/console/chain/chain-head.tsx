/** What a chain is and how it stands, and what can be done with it. */
import type { ComponentChildren } from "preact";
import { counted, duration, grouped } from "../../../mesh/chain/render/words.ts";
import { ChainStatusMark } from "../parts/status.tsx";
import { Name, Time } from "../parts/text.tsx";
import type { Chain, HopStatus } from "../shapes.ts";
import { Cancel } from "./cancel.tsx";
import { Downloads } from "./downloads.tsx";
import type { LiveChain } from "./use-chain.ts";

interface ChainHeadProps {
  readonly chain: Chain;
  readonly link: LiveChain["link"];
  /** Epoch milliseconds by the mesh's clock. */
  readonly now: number;
  /** What else can be chosen on the page. */
  readonly children: ComponentChildren;
}

export function ChainHead({ chain, link, now, children }: ChainHeadProps) {
  const { chainId, status, root, startedAt, endedAt, hops } = chain;
  const total = Object.values(hops).reduce((sum, some) => sum + some, 0);
  return (
    <header class="chain-head">
      <div class="head">
        <h1>
          <Name of={root.agent} />
        </h1>
        <p class="state" role="status">
          <ChainStatusMark status={status} />
          {link === "lost" ? <span class="mark error">no answer, trying again</span> : null}
        </p>
        <div class="actions">
          {children}
          <Downloads chainId={chainId} />
          {status === "running" ? <Cancel chainId={chainId} /> : null}
        </div>
      </div>
      <dl class="facts">
        <Fact word="Chain">
          <span class="id">{chainId}</span>
        </Fact>
        <Fact word="Started by">
          <Name of={root.principal} />
        </Fact>
        <Fact word="Started">
          <Time at={startedAt} />
        </Fact>
        <Fact word={endedAt === null ? "Running for" : "Took"}>{duration(Math.max(0, now - startedAt))}</Fact>
        <Fact word="Calls">
          {counted(total, "hop")}
          <span class="soft">{breakdown(hops)}</span>
        </Fact>
      </dl>
    </header>
  );
}

function Fact({ word, children }: { readonly word: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const ORDER: readonly HopStatus[] = ["done", "open", "error", "rejected", "lost", "cancelled"];

function breakdown(hops: Chain["hops"]): string {
  const parts = ORDER.filter((status) => hops[status] > 0).map((status) => `${grouped(hops[status])} ${status}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
