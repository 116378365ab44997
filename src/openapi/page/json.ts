/** JSON as a person would write it: what fits stands on one line. */

const LINE_CHARS = 84;

export function jsonOf(value: unknown, indent = ""): string {
  // A line break within a string is an escape: those that are left are between the parts.
  const line = JSON.stringify(value, null, 1)?.replaceAll(/\n */g, " ") ?? "";
  if (typeof value !== "object" || value === null || indent.length + line.length <= LINE_CHARS) return line;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => deeper + jsonOf(item, deeper))
    : Object.entries(value).map(([key, part]) => `${deeper}${JSON.stringify(key)}: ${jsonOf(part, deeper)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}
