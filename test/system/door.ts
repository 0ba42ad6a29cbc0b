/**
 * A way for the test's own process into a namespace: a unix socket, which namespaces do not separate, that leads to a
 * TCP port inside. What a test sends through it are its own bytes, raw or as HTTP.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lab, Namespace } from "../../lab/namespace.ts";
import { programArgv } from "../../lab/program-argv.ts";

const PROGRAM = fileURLToPath(new URL("door-program.ts", import.meta.url));

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Leads to `port` of the namespace's loopback; returns the socket's path. */
export async function openDoor(lab: Lab, namespace: Namespace, port: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "vpnws-door-"));
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "door.sock");
  const child = namespace.start(programArgv(PROGRAM, path, "127.0.0.1", String(port)));
  await child.waitUntil("the door", () => child.stdout.includes("open"));
  return path;
}

/** GET through a door. */
export function get(door: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: door, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

/** A raw connection through a door, or to any unix socket. */
export function knock(path: string): Socket {
  return connect({ path, allowHalfOpen: true }).on("error", () => {});
}
