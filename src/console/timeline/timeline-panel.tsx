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

/** Px between two lines of the axis, about, and lines at most. */
const TICK_PX = 50;
const TICKS = 8;

export function TimelinePanel({ hops, picked, onPick, alone, from, now }: TimelinePanelProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(hops, folded), [hops, folded]);
  const frame = useRef<HTMLDivElement>(null);
  const { first, end, width, onScroll, show } = useWindow(frame, rows.length);
  // What the style sheet leaves beside the names and for words after the bars.
  const laneWidth = width * 0.7 - 72;
  const spanMs = Math.max(1, now - from);
  const ticks = ticksOf(spanMs, Math.max(1, Math.min(TICKS, Math.floor(laneWidth / TICK_PX))));
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
      <div class="axis">
        <h2 id="timeline-title">Timeline</h2>
        <div class="lane" aria-hidden="true">
          {ticks.map((ms) => (
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
          <div class="lane grid" role="none">
            {ticks.slice(1).map((ms) => (
              <span key={ms} class="gridline" style={{ left: `${(100 * ms) / spanMs}%` }} />
            ))}
          </div>
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
