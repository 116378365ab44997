/** Files and URLs → the sources of a question. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { DemoError } from "./server.ts";

export interface Source {
  readonly source: string;
  readonly text?: string;
  readonly base64?: string;
  readonly url?: string;
  readonly reader?: string;
}

export async function sourcesOf(root: string, files: readonly string[]): Promise<Source[]> {
  return Promise.all((files.length > 0 ? files : await ownDocuments(root)).map(sourceOf));
}

async function ownDocuments(root: string): Promise<string[]> {
  const docs = join(root, "docs");
  const pages = existsSync(docs) ? (await readdir(docs)).filter((name) => name.endsWith(".md")).sort() : [];
  const found = [join(root, "README.md"), ...pages.map((name) => join(docs, name))].filter((file) => existsSync(file));
  if (found.length === 0) throw new DemoError("This repository has neither README.md nor docs/*.md. Name a file.");
  return found;
}

async function sourceOf(file: string): Promise<Source> {
  if (/^https?:\/\//i.test(file)) return { source: file, url: file };
  const source = relative(process.cwd(), resolve(file)) || file;
  try {
    const bytes = await readFile(file);
    const text = textOf(bytes);
    return text === undefined ? { source, base64: bytes.toString("base64") } : { source, text };
  } catch (error) {
    throw new DemoError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What is not UTF-8 goes as bytes: the reader knows more kinds. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0) || bytes.subarray(0, 5).toString("latin1") === "%PDF-") return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
