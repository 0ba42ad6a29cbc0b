/**
 * Thousands of connections at a time, made and kept by a program of its own in a namespace: what a test orders of them,
 * and what became of them.
 */

import { fileURLToPath } from "node:url";
import type { Child } from "../../../lab/child.ts";
import type { Namespace } from "../../../lab/namespace.ts";
import { programArgv } from "../../../lab/program-argv.ts";
import type { WaitOptions } from "../../../lab/wait.ts";

const PROGRAM = fileURLToPath(new URL("crowd-program.ts", import.meta.url));

/** Stands in an opening for a MAC address that no other connection of the crowd has. */
export const EACH_MAC = "{mac}";

export interface CrowdOrder {
  readonly host: string;
  readonly port: number;
  /** Local addresses, taken in turns. */
  readonly sources: readonly string[];
  /** One that ends is followed by another. */
  readonly atATime: number;
  /** Sent at once, base64. */
  readonly opening: string;
  /** Sent again and again, base64: every so many milliseconds, or as fast as it is taken if 0. */
  readonly more?: { readonly bytes: string; readonly everyMs: number };
  /** What it is sent stays in the kernel. */
  readonly isDeaf?: boolean;
  /** Goes away without a word as soon as it was let in. */
  readonly leaves?: boolean;
}

export interface CrowdReport {
  readonly connected: number;
  readonly ended: number;
  /** Statuses of answers, by how many got them; `none` ended without one. */
  readonly answers: Readonly<Record<string, number>>;
  /** Codes of close frames. */
  readonly closeCodes: Readonly<Record<string, number>>;
  /** Errors of sockets, for whoever has to find out why. */
  readonly failures: Readonly<Record<string, number>>;
}

const NOTHING: CrowdReport = { connected: 0, ended: 0, answers: {}, closeCodes: {}, failures: {} };

export class Crowd {
  readonly #child: Child;

  constructor(namespace: Namespace, order: CrowdOrder) {
    this.#child = namespace.start(programArgv(PROGRAM, JSON.stringify(order)));
  }

  /** The newest one; it comes ten times a second. */
  get report(): CrowdReport {
    const lines = this.#child.stdout.split("\n");
    const whole = lines.at(-2);
    return whole === undefined ? NOTHING : (JSON.parse(whole) as CrowdReport);
  }

  async until(
    what: string,
    condition: (report: CrowdReport) => boolean | Promise<boolean>,
    options: WaitOptions = {},
  ): Promise<CrowdReport> {
    const evidence = (): string => `${JSON.stringify(this.report)} ${this.#child.stderr.slice(-1_000)}`;
    const patient = { timeoutMs: 20_000, pollMs: 100, evidence, ...options };
    await this.#child.waitUntil(what, () => condition(this.report), patient);
    return this.report;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}

export const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString("base64");
