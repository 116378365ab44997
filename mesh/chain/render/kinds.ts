/** Which nodes of a tree look alike, so that one line or one card can stand for all of them. */

/**
 * Numbers nodes by their kind: two are of one kind when their looks are equal and the kinds of nodes below them are,
 * however many there are of each.
 */
export function kindsOf<Node>(
  look: (node: Node) => unknown,
  below: (node: Node) => readonly Node[],
): (node: Node) => number {
  const numbers = new Map<string, number>();
  const known = new Map<Node, number>();
  const kindOf = (node: Node): number => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const kinds = [...new Set(below(node).map(kindOf))].sort((left, right) => left - right);
    const key = JSON.stringify([look(node), kinds]);
    const kind = numbers.get(key) ?? numbers.size;
    numbers.set(key, kind);
    known.set(node, kind);
    return kind;
  };
  return kindOf;
}
