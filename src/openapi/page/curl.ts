/** An operation as a command to paste. `$HOPLINE` is the address of the mesh, `$KEY` a key. */
import { jsonOf } from "./json.ts";
import type { Media, Operation } from "./model.ts";

export function curlOf(operation: Operation): string {
  const { method, security, requestBody } = operation;
  const [[type, media] = []] = Object.entries(requestBody?.content ?? {});
  const [example] = Object.values(media?.examples ?? {});
  const parts = [
    `curl -s ${method === "GET" || requestBody !== undefined ? "" : `-X ${method} `}"$HOPLINE${pathOf(operation)}"`,
    ...(method === "PUT" || method === "PATCH" ? [`-X ${method}`] : []),
    ...(security === undefined || security.length === 0 ? [] : ['-H "Authorization: Bearer $KEY"']),
    ...(example === undefined ? [] : [`-H "Content-Type: ${type}"`, `-d ${quoted(exampleOf(media, example.value))}`]),
  ];
  return parts.join(" \\\n  ");
}

/** Lines stand as they are sent. */
export function exampleOf(media: Media | undefined, value: unknown): string {
  return media?.["x-lines"] === undefined ? jsonOf(value) : String(value).trimEnd();
}

/** The path with the examples of its parameters. */
function pathOf({ path, parameters = [] }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === "path" && one.name === name);
    const { example } = parameter ?? {};
    return example === undefined ? `$${name.toUpperCase()}` : encodeURIComponent(String(example));
  });
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
