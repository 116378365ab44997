/** Which rows are in view. */
import { useEffect, useState } from "preact/hooks";

/** Height of a row; the style sheet has the same. */
export const ROW_PX = 26;
/** Rows drawn beyond the view, so that scrolling finds them there. */
const BEYOND = 10;

export function useWindow(frame: { readonly current: HTMLElement | null }, rows: number) {
  const [view, setView] = useState({ top: 0, height: 800, width: 800 });
  const look = () => {
    const { current } = frame;
    if (current !== null) setView({ top: current.scrollTop, height: current.clientHeight, width: current.clientWidth });
  };
  useEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(current);
    return () => observer.disconnect();
  }, [frame]);
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - BEYOND);
  const end = Math.min(rows, Math.ceil((view.top + view.height) / ROW_PX) + BEYOND);
  const show = (row: number) => {
    const { current } = frame;
    if (current === null || row < 0) return;
    const [top, bottom] = [row * ROW_PX, (row + 1) * ROW_PX];
    if (top < current.scrollTop) current.scrollTop = top;
    else if (bottom > current.scrollTop + current.clientHeight) current.scrollTop = bottom - current.clientHeight;
  };
  return { first, end, width: view.width, onScroll: look, show };
}
