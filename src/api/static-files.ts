import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { ConfigError } from "../base/errors.ts";

/** A file of the dashboard, ready to be sent. */
export interface StaticFile {
  readonly type: string;
  /** Its name has a hash of its content, so it never changes. */
  readonly isImmutable: boolean;
  /** Of the content, in quotes, weak: all encodings share it. */
  readonly etag: string;
  /** By content coding, the smallest first; `identity` is always there. */
  readonly bodies: readonly StaticBody[];
}

export interface StaticBody {
  readonly coding: "br" | "gzip" | "identity";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** By path from where the dashboard is, without a slash in front: `assets/main-1a2b.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** What vite writes is a tenth of this; all of it stays in memory. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 100;
/** Where vite puts files with a hash in their names. */
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Where `npm run build` puts the dashboard: beside this file's folder when that is built too. */
export function dashboardFolder(): string {
  const beside = fileURLToPath(new URL("../web/", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/web/", import.meta.url));
}

/**
 * Reads a folder once: what is not in the result can not be asked for. No file if there is no such folder. Throws a
 * ConfigError if it holds more than a dashboard would, or what has no type.
 */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const paths = await filesBelow(folder);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (paths.length > MAX_FILES || bytes > MAX_BYTES) {
    throw unusable(`${folder} holds ${paths.length} files of ${bytes} bytes, too much for a dashboard`);
  }
  return new Map(await Promise.all(paths.map((path) => readStaticFile(relative(folder, path), path))));
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Links are left out: nothing beyond the folder is read.
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function readStaticFile(name: string, path: string): Promise<[string, StaticFile]> {
  const type = TYPES[extname(name)];
  if (type === undefined) throw unusable(`${path} has no known type`);
  const content = await readFile(path);
  const etag = `W/"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
  return [name, { type, isImmutable: HASHED.test(name), etag, bodies: await encode(content) }];
}

/** Compressed once, on other threads; an encoding that makes the content larger is left out. */
async function encode(content: Buffer<ArrayBuffer>): Promise<readonly StaticBody[]> {
  const [br, gz] = await Promise.all([promisify(brotliCompress)(content), promisify(gzip)(content, { level: 9 })]);
  const bodies: StaticBody[] = [
    { coding: "br", bytes: new Uint8Array(br) },
    { coding: "gzip", bytes: new Uint8Array(gz) },
    { coding: "identity", bytes: new Uint8Array(content) },
  ];
  return bodies.filter(({ coding, bytes }) => coding === "identity" || bytes.length < content.length);
}

function unusable(what: string): ConfigError {
  return new ConfigError("DASHBOARD_UNUSABLE", what, { hint: "Install vpn-ws again, or run `npm run build`." });
}
