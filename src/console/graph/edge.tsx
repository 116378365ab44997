/** A line to a card. A refused one is red, dashed, and says which rule it was. */
import { edgePath } from "./edge-path.ts";
import type { PlacedCard } from "./layout.ts";

interface EdgeProps {
  readonly card: PlacedCard;
  readonly hangs: boolean;
  readonly isOnWay: boolean;
}

export function Edge({ card: placed, hangs, isOnWay }: EdgeProps) {
  const { parent, card, x, y, height } = placed;
  if (parent === undefined) return null;
  const isRefused = card.refusal !== "";
  return (
    <>
      <path class={`edge${isRefused ? " refused" : ""}${isOnWay ? " way" : ""}`} d={edgePath(parent, placed, hangs)} />
      {isRefused ? (
        <text class="refusal" x={x - 8} y={y + height / 2 - 6} text-anchor="end">
          {card.refusal}
        </text>
      ) : null}
    </>
  );
}
