import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "./namespace.ts";

/** A directory that goes with the lab; every user may enter it, because daemons become other users. */
export function temporaryDirectory(lab: Lab, label: string): string {
  const directory = mkdtempSync(join(tmpdir(), `vpnws-${label}-`));
  chmodSync(directory, 0o755);
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
