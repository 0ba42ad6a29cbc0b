/**
 * Our own binaries in namespaces: started with the flags a user would give, ready when their log says so, and read like
 * a user's monitoring would: JSON log lines (one object per line, `event` names what happened) and /proc.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Child, ChildOptions, Finished } from "./child.ts";
import type { Namespace } from "./namespace.ts";
import { type ProcessUsage, readProcessUsage } from "./usage.ts";
import type { WaitOptions } from "./wait.ts";

/** The programs as they are installed. */
export const SERVER_BINARY = fileURLToPath(new URL("../dist/cli/vpn-ws.js", import.meta.url));
export const LEGACY_CLIENT_BINARY = fileURLToPath(new URL("../dist/cli/vpn-ws-client.js", import.meta.url));

/** One line of a JSON log. */
export interface LogEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface VpnOptions extends ChildOptions {
  /** The event that says it is ready; default `server.ready` or `client.connected`. */
  readonly readyEvent?: string;
  readonly wait?: WaitOptions;
}

/** A running `vpn-ws`. */
export class VpnProcess {
  readonly child: Child;

  constructor(child: Child) {
    this.child = child;
  }

  /** All events of this name so far, oldest first. */
  events(name: string): readonly LogEvent[] {
    return parseLog(this.child.stderr).filter((line) => line.event === name);
  }

  /** Waits until an event of this name was logged `count` times, and gives the last of them. */
  async waitForEvent(name: string, count = 1, options: WaitOptions = {}): Promise<LogEvent> {
    return this.child.waitUntil(`event ${name}`, () => this.events(name)[count - 1], options);
  }

  usage(): ProcessUsage {
    return readProcessUsage(this.child.pid);
  }

  /** SIGTERM, then wait. */
  stop(): Promise<Finished> {
    return this.child.stop();
  }
}

/** Starts `vpn-ws server FLAGS` and waits until it is ready. */
export async function startServer(
  namespace: Namespace,
  flags: readonly string[],
  options: VpnOptions = {},
): Promise<VpnProcess> {
  return startReady(namespace, ["server", ...JSON_LOG, ...flags], { readyEvent: "server.ready", ...options });
}

/** Starts `vpn-ws client FLAGS… URL` and waits until it has connected. */
export async function startClient(
  namespace: Namespace,
  flags: readonly string[],
  options: VpnOptions = {},
): Promise<VpnProcess> {
  return startReady(namespace, ["client", ...JSON_LOG, ...flags], { readyEvent: "client.connected", ...options });
}

/** Starts `vpn-ws` with exactly these arguments (the legacy form too) and waits for nothing. */
export function startVpn(namespace: Namespace, argv: readonly string[], options: ChildOptions = {}): VpnProcess {
  return startBinary(namespace, SERVER_BINARY, argv, options);
}

/** Starts `vpn-ws-client` (the legacy command line) and waits for nothing. */
export function startLegacyClient(
  namespace: Namespace,
  argv: readonly string[],
  options: ChildOptions = {},
): VpnProcess {
  return startBinary(namespace, LEGACY_CLIENT_BINARY, argv, options);
}

const JSON_LOG = ["--log-format", "json"];

/** A start takes a quarter of a second of a processor; one that has other work may need a while for that. */
const START_MS = 30_000;

async function startReady(
  namespace: Namespace,
  argv: readonly string[],
  options: VpnOptions & { readonly readyEvent: string },
): Promise<VpnProcess> {
  const vpn = startVpn(namespace, argv, options);
  await vpn.waitForEvent(options.readyEvent, 1, { timeoutMs: START_MS, ...options.wait });
  return vpn;
}

function startBinary(namespace: Namespace, binary: string, argv: readonly string[], options: ChildOptions): VpnProcess {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: npm run build`);
  return new VpnProcess(namespace.start([process.execPath, binary, ...argv], options));
}

/** The JSON lines of a log; lines that are something else (a crash, a warning of Node's) are skipped. */
export function parseLog(text: string): readonly LogEvent[] {
  const events: LogEvent[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("{")) continue;
    try {
      const value: unknown = JSON.parse(line);
      if (isLogEvent(value)) events.push(value);
    } catch {
      // The last line may be incomplete as yet.
    }
  }
  return events;
}

function isLogEvent(value: unknown): value is LogEvent {
  return typeof value === "object" && value !== null && "event" in value && typeof value.event === "string";
}
