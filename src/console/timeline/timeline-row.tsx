/** One row: the hop's name, indented as deep as it was called, and its bar. */
import { tooltipOf } from "../../../mesh/chain/render/label.ts";
import { duration } from "../../../mesh/chain/render/words.ts";
import { Sign } from "../parts/status.tsx";
import { Callee } from "../parts/text.tsx";
import type { HopEvent } from "../shapes.ts";
import type { TimelineRow } from "./rows.ts";

interface TimelineRowProps {
  readonly row: TimelineRow<HopEvent>;
  readonly top: number;
  readonly from: number;
  readonly now: number;
  readonly spanMs: number;
  readonly isPicked: boolean;
  readonly isActive: boolean;
  readonly onPick: () => void;
  readonly onFold: () => void;
}

/** Share of the lane after which a bar's words stand before it. */
const LATE = 0.72;

export function TimelineRowShape({
  row,
  top,
  from,
  now,
  spanMs,
  isPicked,
  isActive,
  onPick,
  onFold,
}: TimelineRowProps) {
  const { hop, indent, hasChildren, isFolded } = row;
  const [start, end] = [hop.startedAt - from, Math.max(hop.startedAt, hop.endedAt ?? now) - from];
  const [left, right] = [clamped(start / spanMs), clamped(end / spanMs)];
  const isLate = left > 0.5 && right > LATE;
  return (
    // biome-ignore-start lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the tree has the focus and the keys
    <div
      id={`row-${hop.hopId}`}
      class={`row ${hop.status}${isPicked ? " picked" : ""}${isActive ? " active" : ""}`}
      style={{ top: `${top}px` }}
      role="treeitem"
      aria-level={indent + 1}
      aria-selected={isPicked}
      aria-expanded={hasChildren ? !isFolded : undefined}
      aria-label={tooltipOf([hop]).join("\n")}
      title={tooltipOf([hop]).join("\n")}
      onClick={onPick}
    >
      <span class="row-name" style={{ paddingLeft: `${6 + Math.min(indent, 14) * 14}px` }}>
        <span
          class="twig"
          aria-hidden="true"
          onClick={(event) => {
            if (!hasChildren) return;
            event.stopPropagation();
            onFold();
          }}
        >
          {hasChildren ? (isFolded ? "▸" : "▾") : ""}
        </span>
        <Sign status={hop.status} />
        <span class="row-callee">
          <Callee callee={hop.callee} skill={hop.skill} />
        </span>
      </span>
      <span class="lane">
        <span class="bar-piece" style={{ left: `${100 * left}%`, width: `${100 * (right - left)}%` }} />
        <span
          class={isLate ? "bar-words before" : "bar-words"}
          style={isLate ? { right: `${100 * (1 - left)}%` } : { left: `${100 * right}%` }}
        >
          {hop.status === "rejected" ? (hop.code ?? "rejected") : duration(Math.max(0, end - start))}
          {hop.status === "error" && hop.code !== null ? ` · ${hop.code}` : ""}
        </span>
      </span>
    </div>
    // biome-ignore-end lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: see above
  );
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
