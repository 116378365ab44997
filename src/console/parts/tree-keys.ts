/**
 * Keys of a tree (WAI-ARIA, tree view): one place for Tab, arrows within it. The tree keeps the focus and names its
 * active item, so that an item that is drawn anew, or scrolled away, does not lose it.
 */
import { useEffect, useRef, useState } from "preact/hooks";

export interface TreeItem {
  readonly id: string;
  readonly parent: string | undefined;
  readonly hasChildren: boolean;
  /** Absent where nothing folds. */
  readonly isFolded?: boolean;
}

export interface TreeKeys {
  /** The item that keys act on, while the tree has the focus. */
  readonly active: string | undefined;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
  readonly setActive: (id: string) => void;
}

interface TreeActions {
  /** What Tab comes to. */
  readonly picked: string | undefined;
  readonly onPick: (id: string) => void;
  readonly onFold?: (id: string, isFolded: boolean) => void;
  /** Brings an item into view. */
  readonly onShow: (id: string) => void;
}

export function useTreeKeys(items: readonly TreeItem[], actions: TreeActions): TreeKeys {
  const [at, setAt] = useState<string>();
  const [hasFocus, setFocus] = useState(false);
  const byKey = useRef(false);
  const known = items.some(({ id }) => id === at);
  const start = items.find(({ id }) => id === actions.picked)?.id ?? items[0]?.id;
  const active = known ? at : start;
  useEffect(() => {
    if (byKey.current && active !== undefined) actions.onShow(active);
    byKey.current = false;
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || active === undefined) return;
    const go = nextOf(items, active, event.key);
    if (go === undefined) return;
    event.preventDefault();
    switch (go.does) {
      case "move":
        byKey.current = true;
        return setAt(go.id);
      case "fold":
        return actions.onFold?.(active, go.isFolded);
      case "pick":
        return actions.onPick(active);
      default:
        return go satisfies never;
    }
  };
  return {
    active: hasFocus ? active : undefined,
    onKeyDown,
    onFocus: () => setFocus(true),
    onBlur: () => setFocus(false),
    setActive: setAt,
  };
}

type Step =
  | { readonly does: "move"; readonly id: string }
  | { readonly does: "fold"; readonly isFolded: boolean }
  | { readonly does: "pick" };

/** What a key does, standing on an item; undefined when the key is none of the tree's. */
export function nextOf(items: readonly TreeItem[], active: string, key: string): Step | undefined {
  const place = items.findIndex(({ id }) => id === active);
  const item = items[place];
  if (item === undefined) return undefined;
  const move = (id: string | undefined): Step => ({ does: "move", id: id ?? active });
  switch (key) {
    case "ArrowDown":
      return move(items[place + 1]?.id);
    case "ArrowUp":
      return move(items[place - 1]?.id);
    case "Home":
      return move(items[0]?.id);
    case "End":
      return move(items.at(-1)?.id);
    case "ArrowRight":
      if (!item.hasChildren) return move(active);
      return item.isFolded === true ? { does: "fold", isFolded: false } : move(items[place + 1]?.id);
    case "ArrowLeft":
      if (item.hasChildren && item.isFolded === false) return { does: "fold", isFolded: true };
      return move(items.some(({ id }) => id === item.parent) ? item.parent : active);
    case "Enter":
    case " ":
      return { does: "pick" };
    default:
      return undefined;
  }
}
