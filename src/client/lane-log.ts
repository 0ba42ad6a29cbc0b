import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Closed } from "../transport/connection.ts";
import type { ClientRecord } from "./client-record.ts";
import { describeFailure } from "./dial-failure.ts";
import type { Wait } from "./retry.ts";
import type { SessionConnection } from "./session-connection.ts";
import type { DialPlan } from "./session-dialer.ts";

/** Lines of one event: a line that goes up and down all day should not fill the log. What is more is not said. */
const LINES = { perSecond: 1 / 60, burst: 10 } as const;

/** Failures that are told of at once in one outage; those of a server that always says something else are not. */
const MOST_TOLD = 16;

/** What happens to the client's connections, in words, and remembered for whoever looks. */
export class LaneLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #record: ClientRecord;
  readonly #budgets = new Map<string, TokenBucket>();
  /** Failures that were told of since something stood. */
  readonly #told = new Set<string>();
  #isDown = true;

  constructor(clock: Clock, log: Logger, record: ClientRecord) {
    this.#clock = clock;
    this.#log = log;
    this.#record = record;
  }

  dialing({ servers }: DialPlan, connection: number): void {
    this.#record.dialing();
    const names = servers.map(({ display }) => display).join(", ");
    this.#log.debug("client.dialing", `connecting to ${names}`, { connection });
  }

  /** A session began. */
  connected({ server, dialect, remoteAddress: address }: SessionConnection): void {
    const fields = { server: server.display, dialect, address };
    this.#record.began();
    this.#up();
    this.#log.info("client.connected", `connected to ${server.display} (${dialect})`, fields);
  }

  /** The session goes on. */
  resumed({ number: connection, server: { display: server }, remoteAddress: address }: SessionConnection): void {
    this.#record.stands();
    this.#up();
    if (!this.#isWorthALine("client.resumed")) return;
    const text = `connection ${connection} stands again: the session goes on`;
    this.#log.info("client.resumed", text, { connection, server, address });
  }

  /** The session has a connection more. */
  added({ number: connection, remoteAddress: address }: SessionConnection): void {
    this.#log.debug("client.connection-added", `connection ${connection} carries frames too`, { connection, address });
  }

  suspect({ number: connection }: SessionConnection, silentMs: number): void {
    if (!this.#isWorthALine("client.suspect")) return;
    const text = `connection ${connection} has been silent for ${seconds(silentMs)}: another one is made beside it`;
    this.#log.info("client.suspect", text, { connection, silentMs });
  }

  /** One of several is lost. */
  lost({ number: connection }: SessionConnection, closed: Closed): void {
    const text = `connection ${connection} is lost: ${why(closed)}`;
    this.#record.failed(text, undefined);
    if (!this.#isWorthALine("client.connection-lost")) return;
    this.#log.info("client.connection-lost", text, { connection });
  }

  /** The last one is lost. */
  disconnected(closed: Closed, wait: Wait | undefined): void {
    const waitMs = Math.round(wait?.ms ?? 0);
    this.#record.disconnected(`disconnected: ${why(closed)}`, wait?.ms);
    this.#isDown = true;
    if (!this.#isWorthALine("client.disconnected")) return;
    this.#log.warn("client.disconnected", `disconnected: ${why(closed)}\n${nextAttempt(waitMs)}`, { waitMs });
  }

  /** Of the leading one, while nothing stands; one that failed like one before is not worth a line. */
  dialFailed(error: unknown, connection: number, wait: Wait | undefined): void {
    const failure = describeFailure(error);
    this.#record.failed(failure, wait?.ms);
    const waitMs = Math.round(wait?.ms ?? 0);
    const text = `${failure}\n${wait === undefined ? "  The connection that there is goes on." : nextAttempt(waitMs)}`;
    const isBad = (this.#isDown && connection === 0) || wait === undefined;
    if (isBad && (this.#isNew(failure) || this.#isWorthALine("client.dial-failed"))) {
      this.#log.warn("client.dial-failed", text, { waitMs, connection });
    } else this.#log.debug("client.attempt-failed", text, { waitMs, connection });
  }

  #up(): void {
    this.#isDown = false;
    this.#told.clear();
  }

  #isNew(failure: string): boolean {
    if (this.#told.has(failure) || this.#told.size >= MOST_TOLD) return false;
    this.#told.add(failure);
    return true;
  }

  #isWorthALine(event: string): boolean {
    const nowMs = this.#clock.nowMs();
    const budget = this.#budgets.get(event) ?? new TokenBucket(LINES.perSecond, LINES.burst, nowMs);
    this.#budgets.set(event, budget);
    return budget.take(1, nowMs);
  }
}

function why({ code, reason }: Closed): string {
  return reason === "" ? `code ${code}` : reason;
}

function nextAttempt(waitMs: number): string {
  return waitMs === 0 ? "  Connecting again." : `  Next attempt in ${seconds(waitMs)}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
