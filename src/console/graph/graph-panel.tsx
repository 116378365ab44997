/** The call graph of a chain: it grows as the chain does, and shows the way to the hop that was picked. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { grouped } from "../../../mesh/chain/render/words.ts";
import { type TreeItem, useTreeKeys } from "../parts/tree-keys.ts";
import type { HopEvent } from "../shapes.ts";
import { CardShape } from "./card-shape.tsx";
import { Edge } from "./edge.tsx";
import { fitting } from "./fit.ts";
import { CALLER, type Layout, layoutOf, type PlacedCard } from "./layout.ts";
import { Zoom } from "./zoom.tsx";

export interface PanelProps {
  readonly hops: readonly HopEvent[];
  /** The id of the hop that was picked. */
  readonly picked: string | undefined;
  readonly onPick: (hopId: string) => void;
  /** Whether it has the page for itself. */
  readonly alone: boolean;
}

const MARGIN = 12;
/** Below this a drawing is mostly wider than its frame. */
const NARROW_PX = 560;

export function GraphPanel({ hops, picked, onPick, alone, principal }: PanelProps & { readonly principal: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const room = useRoom(frame);
  const isNarrow = room.width > 0 && room.width < NARROW_PX;
  const layout = useMemo(() => layoutOf(hops, principal, isNarrow), [hops, principal, isNarrow]);
  const { cards, width, height, isFolded } = layout;
  const [zoom, setZoom] = useState<number>();
  const scale = zoom ?? fitting({ width: width + 2 * MARGIN, height: height + 2 * MARGIN }, room);
  const pickedCard = cards.find((card) => card.hops.some(({ hopId }) => hopId === picked));
  const onWay = useMemo(() => wayTo(pickedCard), [pickedCard]);
  const items = useMemo(() => itemsOf(layout), [layout]);
  const keys = useTreeKeys(items, {
    picked: pickedCard?.id,
    onPick,
    onShow: (id) => document.getElementById(domId(id))?.scrollIntoView({ block: "nearest", inline: "nearest" }),
  });
  const pick = (id: string) => {
    keys.setActive(id);
    onPick(id);
  };
  return (
    <section class={alone ? "panel graph alone" : "panel graph"} aria-labelledby="graph-title">
      <div class="panel-head">
        <h2 id="graph-title">Call graph</h2>
        {isFolded ? <p class="soft">Calls that were alike are drawn as one, with all that they called.</p> : null}
        <Zoom zoom={zoom} scale={scale} onZoom={setZoom} />
      </div>
      <div
        class="frame"
        ref={frame}
        role="tree"
        tabIndex={0}
        aria-label={`Call graph, ${grouped(hops.length)} hops. Arrow keys move, Enter shows a hop.`}
        aria-activedescendant={keys.active === undefined ? undefined : domId(keys.active)}
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
        onBlur={keys.onBlur}
      >
        <svg
          role="none"
          width={(width + 2 * MARGIN) * scale}
          height={(height + 2 * MARGIN) * scale}
          viewBox={`${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`}
        >
          <g>
            {drawnFirst(cards, onWay).map((card) => (
              <Edge key={card.id} card={card} hangs={layout.hangs} isOnWay={onWay.has(card.id)} />
            ))}
          </g>
          {cards.map((card) => (
            <CardShape
              key={card.id}
              id={domId(card.id)}
              placed={card}
              isRoomy={layout.isRoomy}
              isPicked={card === pickedCard}
              isActive={card.id === keys.active}
              onPick={card.hops.length === 0 ? undefined : pick}
            />
          ))}
        </svg>
      </div>
    </section>
  );
}

function domId(id: string): string {
  return `card-${id}`;
}

function itemsOf({ cards }: Layout): TreeItem[] {
  return cards
    .filter(({ hops }) => hops.length > 0)
    .map(({ id, parent, hasChildren }) => ({ id, parent: parent?.id, hasChildren }));
}

function wayTo(card: PlacedCard | undefined): ReadonlySet<string> {
  const way = new Set<string>();
  for (let step = card; step !== undefined && step.id !== CALLER; step = step.parent) way.add(step.id);
  return way;
}

/** What was refused is drawn over what was granted, and the way to the picked hop over both. */
function drawnFirst(cards: readonly PlacedCard[], onWay: ReadonlySet<string>): readonly PlacedCard[] {
  const layer = ({ id, card }: PlacedCard) => (onWay.has(id) ? 2 : card.refusal === "" ? 0 : 1);
  return cards.filter(({ parent }) => parent !== undefined).toSorted((a, b) => layer(a) - layer(b));
}

/** Px that the drawing has: its frame grows with it up to the height that the style sheet allows. */
function useRoom(frame: { readonly current: HTMLElement | null }): { readonly width: number; readonly height: number } {
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const look = () => {
      const most = Number.parseFloat(getComputedStyle(current).maxHeight);
      setRoom({ width: current.clientWidth, height: Number.isNaN(most) ? Number.POSITIVE_INFINITY : most });
    };
    const observer = new ResizeObserver(look);
    observer.observe(current);
    look();
    return () => observer.disconnect();
  }, [frame]);
  return room;
}
