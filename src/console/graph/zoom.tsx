/** How large the graph is drawn: to fit, or by steps. */
const STEPS = [0.35, 0.5, 0.7, 0.85, 1, 1.25, 1.6];
interface ZoomProps {
  /** Undefined: to fit. */
  readonly zoom: number | undefined;
  readonly scale: number;
  readonly onZoom: (zoom: number | undefined) => void;
}

export function Zoom({ zoom, scale, onZoom }: ZoomProps) {
  const smaller = STEPS.findLast((step) => step < scale - 0.01);
  const larger = STEPS.find((step) => step > scale + 0.01);
  return (
    <fieldset class="zoom">
      <legend class="unseen">Zoom</legend>
      <button type="button" aria-label="Smaller" disabled={smaller === undefined} onClick={() => onZoom(smaller)}>
        −
      </button>
      <output aria-label="Scale">{Math.round(scale * 100)} %</output>
      <button type="button" aria-label="Larger" disabled={larger === undefined} onClick={() => onZoom(larger)}>
        +
      </button>
      <button type="button" aria-pressed={zoom === undefined} onClick={() => onZoom(undefined)}>
        Fit
      </button>
    </fieldset>
  );
}
