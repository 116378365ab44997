/** One card of the graph: a hop, several alike ones, or who started the chain. */
import type { GraphHop } from "../../../mesh/chain/lineage.ts";
import { tooltipOf } from "../../../mesh/chain/render/label.ts";
import { monoWidth } from "../../../mesh/chain/render/svg/measure.ts";
import { NAME_SIZE } from "../../../mesh/chain/render/svg/style.ts";
import { SignShape } from "../parts/status.tsx";
import type { PlacedCard } from "./layout.ts";

interface CardShapeProps {
  readonly id: string;
  readonly placed: PlacedCard;
  readonly isRoomy: boolean;
  readonly isPicked: boolean;
  readonly isActive: boolean;
  /** Absent where there is no hop to show. */
  readonly onPick: ((hopId: string) => void) | undefined;
}

const PAD = 12;
const SIGN = 20;
const BETWEEN = 8;

export function CardShape({ id, placed, isRoomy, isPicked, isActive, onPick }: CardShapeProps) {
  const { card, x, y, width, height, hops, level } = placed;
  const [first] = hops;
  const left = PAD + (first === undefined ? 0 : SIGN);
  const titleWidth =
    monoWidth(card.name, NAME_SIZE) + (card.times === "" ? 0 : BETWEEN + monoWidth(card.times, NAME_SIZE));
  const hasTwoLines = isRoomy && card.words !== "";
  const radius = card.look === "caller" ? height / 2 : card.round ? 6 : 1;
  const classes = ["card", card.look, isPicked ? "picked" : "", isActive ? "active" : ""];
  const interactive =
    onPick === undefined
      ? { role: "none" as const }
      : {
          role: "treeitem" as const,
          "aria-level": level - 1,
          "aria-selected": isPicked,
          "aria-label": labelOf(hops),
          onClick: () => onPick(placed.id),
        };
  return (
    <g
      id={id}
      class={classes.filter((name) => name !== "").join(" ")}
      transform={`translate(${x} ${y})`}
      {...interactive}
    >
      {first === undefined ? null : <title>{labelOf(hops)}</title>}
      <rect class="box" width={width} height={height} rx={radius} />
      {first === undefined ? null : <SignShape status={first.status} x={PAD + 6} y={height / 2} />}
      <text class="card-name" x={left} y={hasTwoLines ? 18 : height / 2 + 4.5}>
        {card.name}
        {card.times === "" ? null : (
          <tspan class="times" dx={BETWEEN}>
            {card.times}
          </tspan>
        )}
      </text>
      {card.words === "" ? null : (
        <text
          class="card-words"
          x={isRoomy ? left : left + titleWidth + BETWEEN + 4}
          y={hasTwoLines ? 33 : height / 2 + 4}
        >
          {card.words}
        </text>
      )}
    </g>
  );
}

function labelOf(hops: readonly GraphHop[]): string {
  const [first, ...more] = hops;
  return first === undefined ? "" : tooltipOf([first, ...more]).join("\n");
}
