/** The picture's own style sheet, light and dark. Classes alone; the shapes carry every difference without it too. */
import type { HopStatus } from "../../facts.ts";

interface Theme {
  readonly back: string;
  readonly card: string;
  readonly border: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly statuses: Readonly<Record<HopStatus, string>>;
}

const LIGHT: Theme = {
  back: "#ffffff",
  card: "#f6f8fa",
  border: "#d1d9e0",
  text: "#1f2328",
  muted: "#59636e",
  line: "#a3acb6",
  statuses: {
    done: "#1a7f37",
    error: "#bc4c00",
    rejected: "#d1242f",
    open: "#0969da",
    lost: "#8250df",
    cancelled: "#59636e",
  },
};

const DARK: Theme = {
  back: "#0d1117",
  card: "#151b23",
  border: "#3d444d",
  text: "#f0f6fc",
  muted: "#9198a1",
  line: "#5b646e",
  statuses: {
    done: "#3fb950",
    error: "#f0883e",
    rejected: "#ff7b72",
    open: "#58a6ff",
    lost: "#bc8cff",
    cancelled: "#9198a1",
  },
};

const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';
const SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif';

/** Sizes of text in px: what is measured is what is drawn. */
export const NAME_SIZE = 13;
export const SMALL_SIZE = 11;
export const TITLE_SIZE = 17;

const SHAPES = [
  `text{font:${SMALL_SIZE}px ${SANS};unicode-bidi:isolate}`,
  `.name{font:600 ${NAME_SIZE}px ${MONO}}`,
  `.code{font:600 ${SMALL_SIZE}px ${MONO}}`,
  `.chain{font:600 ${TITLE_SIZE}px ${MONO}}`,
  `.id{font:${SMALL_SIZE}px ${MONO}}`,
  ".times{font-weight:700}",
  ".edge{fill:none;stroke-width:1.4}",
  ".refused{stroke-width:1.6;stroke-dasharray:5 4}",
  ".box{stroke-width:1}",
  ".box.rejected{stroke-dasharray:5 4}",
  ".box.earlier{stroke-dasharray:1 3}",
  ".box.caller{stroke-width:1.5}",
  ".disc path,.ring path{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}",
  ".ring circle{fill:none;stroke-width:1.6}",
];

/** A custom property would do for browsers; other viewers of SVG know none. */
function colours({ back, card, border, text, muted, line, statuses }: Theme): string[] {
  return [
    `.back,.disc path{fill:${back}}`,
    `.disc path{fill:none;stroke:${back}}`,
    `text{fill:${text}}`,
    `.muted{fill:${muted}}`,
    `.edge{stroke:${line}}`,
    `.head{fill:${line}}`,
    `.box{fill:${card};stroke:${border}}`,
    ...Object.entries(statuses).flatMap(([status, colour]) => [
      `.disc.${status} circle{fill:${colour}}`,
      `.ring.${status} circle,.ring.${status} path{stroke:${colour}}`,
      `text.${status}{fill:${colour}}`,
      ...(status === "done" ? [] : [`.box.${status}{stroke:${colour}}`]),
    ]),
    `.edge.refused{stroke:${statuses.rejected}}`,
    `.head.refused{fill:${statuses.rejected}}`,
  ];
}

export const STYLE = `<style>${[
  ...SHAPES,
  ...colours(LIGHT),
  `@media(prefers-color-scheme:dark){${colours(DARK).join("")}}`,
].join("\n")}</style>`;
