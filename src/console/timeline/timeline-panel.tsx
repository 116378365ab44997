/** When each hop ran, as a waterfall. Only the rows in view are drawn: a chain may have thousands. */
import { useMemo, useRef, useState } from "preact/hooks";
import { duration, grouped } from "../../../mesh/chain/render/words.ts";
import type { PanelProps } from "../graph/graph-panel.tsx";
import { useTreeKeys } from "../parts/tree-keys.ts";
import { rowsOf, ticksOf } from "./rows.ts";
import { TimelineRowShape } from "./timeline-row.tsx";
import { ROW_PX, useWindow } from "./window.ts";

interface TimelinePanelProps extends PanelProps {
  /** Epoch milliseconds: the chain's start, and its end or now. */
  readonly from: number;
  readonly now: number;
}

const TICKS = 5;

export function TimelinePanel({ hops, picked, onPick, alone, from, now }: TimelinePanelProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(hops, folded), [hops, folded]);
  const frame = useRef<HTMLDivElement>(null);
  const { first, end, onScroll, show } = useWindow(frame, rows.length);
  const spanMs = Math.max(1, now - from);
  const fold = (id: string, isFolded: boolean) => {
    const next = new Set(folded);
    if (isFolded) next.add(id);
    else next.delete(id);
    setFolded(next);
  };
  const items = useMemo(
    () =>
      rows.map(({ hop, hasChildren, isFolded }) => ({
        id: hop.hopId,
        parent: hop.parentHopId ?? undefined,
        hasChildren,
        isFolded,
      })),
    [rows],
  );
  const keys = useTreeKeys(items, {
    picked,
    onPick,
    onFold: fold,
    onShow: (id) => show(rows.findIndex(({ hop }) => hop.hopId === id)),
  });
  return (
    <section class={alone ? "panel timeline alone" : "panel timeline"} aria-labelledby="timeline-title">
      <div class="panel-head">
        <h2 id="timeline-title">Timeline</h2>
      </div>
      <div class="axis" aria-hidden="true">
        <div class="lane">
          {ticksOf(spanMs, TICKS).map((ms) => (
            <span key={ms} class="tick" style={{ left: `${(100 * ms) / spanMs}%` }}>
              {duration(ms)}
            </span>
          ))}
        </div>
      </div>
      <div
        class="frame"
        ref={frame}
        role="tree"
        tabIndex={0}
        aria-label={`Timeline, ${grouped(hops.length)} hops over ${duration(spanMs)}. Arrow keys move and fold, Enter shows a hop.`}
        aria-activedescendant={keys.active === undefined ? undefined : `row-${keys.active}`}
        onScroll={onScroll}
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
        onBlur={keys.onBlur}
      >
        <div class="all-rows" role="none" style={{ height: `${rows.length * ROW_PX}px` }}>
          {rows.slice(first, end).map((row, place) => (
            <TimelineRowShape
              key={row.hop.hopId}
              row={row}
              top={(first + place) * ROW_PX}
              from={from}
              now={now}
              spanMs={spanMs}
              isPicked={row.hop.hopId === picked}
              isActive={row.hop.hopId === keys.active}
              onPick={() => {
                keys.setActive(row.hop.hopId);
                onPick(row.hop.hopId);
              }}
              onFold={() => fold(row.hop.hopId, !row.isFolded)}
            />
          ))}
        </div>
      </div>
    </section>
  );
}
