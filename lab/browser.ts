/**
 * A real Chromium in a namespace, as an operator's browser would be, driven by Playwright over a pipe. It has a new
 * empty profile, and asks nobody for anything but what its pages name.
 */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import type { Lab, Namespace } from "./namespace.ts";
import { findProgram } from "./programs.ts";
import { temporaryDirectory } from "./temporary.ts";

/** No sandbox, because it refuses to have one as root; the rest is what a browser tells and asks its maker by itself. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // What a stranger's DNS can do: names of his that are this machine.
  "--host-resolver-rules=MAP *.example 127.0.0.1",
];

/** Starts a browser without a window; it is closed with the lab. */
export async function startBrowser(lab: Lab, namespace: Namespace): Promise<Browser> {
  const directory = temporaryDirectory(lab, "browser");
  const browser = await chromium.launch({
    executablePath: writeStarter(directory, namespace),
    args: FLAGS,
    env: { ...environment(), HOME: directory },
    // The lab closes it, on signals too.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  lab.onClose(() => browser.close());
  return browser;
}

/** Playwright starts a program by its path: this one enters the namespace first. */
function writeStarter(directory: string, namespace: Namespace): string {
  const path = join(directory, "chromium");
  const program = findProgram("chromium") ?? "chromium";
  writeFileSync(path, `#!/bin/sh\nexec ip netns exec '${namespace.name}' '${program}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
