/** The scale of the graph. */
/** Below this, text is no longer read: the drawing is scrolled. */
const LEAST_FIT = 0.75;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The scale at which a drawing fits, as far as it stays legible. One that has to be scrolled down only fits across. */
export function fitting(drawing: Size, room: Size): number {
  const across = Math.min(1, room.width / drawing.width);
  const down = Math.min(1, room.height / drawing.height);
  const scale = down < LEAST_FIT ? across : Math.min(across, down);
  return scale > 0 ? Math.max(LEAST_FIT, scale) : 1;
}
