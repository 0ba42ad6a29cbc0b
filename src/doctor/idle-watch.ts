import type { Clock } from "../base/clock.ts";
import { AGENT } from "../base/version.ts";
import type { UpgradedSocket } from "../transport/upgraded-socket.ts";
import type { ControlMessage } from "../wire/control-message.ts";
import { OFFLOAD_ALL } from "../wire/offload.ts";
import { QuietConnection } from "./quiet-connection.ts";
import type { Ground } from "./step.ts";

/** What became of a connection that was left alone. */
export interface IdleOutcome {
  readonly state:
    | "alive"
    /** Closed while nothing was said. */
    | "cut"
    /** Nobody closed it, and nothing gets through any more. */
    | "dead";
  /** Silence until that was known. */
  readonly silentMs: number;
  /** Why it ended; empty if it did not. */
  readonly reason: string;
  /** The server did not keep quiet: when it spoke first. */
  readonly spokeAfterMs: number | undefined;
}

/** The server is to keep quiet for this much longer than we do. */
const MARGIN_MS = 15_000;
/** A peer of the original's answers no ping: it lives if nothing is closed for this long. */
const MUTE_MS = 2_000;

/** Leaves a connection alone for a while, then asks whether it is still there. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #options: Ground["options"];
  readonly #upgraded: UpgradedSocket;
  readonly #connection: QuietConnection;
  #waiters: (() => void)[] = [];
  #isSilent = false;
  #quietSinceMs = 0;
  #spokeAfterMs: number | undefined;
  #isWelcome = false;
  #hasPong = false;
  #reason: string | undefined;

  constructor({ clock, connectionDeps, options }: Ground, upgraded: UpgradedSocket) {
    this.#clock = clock;
    this.#options = options;
    this.#upgraded = upgraded;
    this.#connection = new QuietConnection(connectionDeps, upgraded, {
      onControl: (message) => this.#onControl(message),
      onPong: () => this.#note(() => (this.#hasPong = true)),
      onHeard: () => this.#onHeard(),
      onClosed: (reason) => this.#note(() => (this.#reason = reason)),
    });
  }

  async run(): Promise<IdleOutcome> {
    const { idleMs, timeoutMs } = this.#options;
    const isV2 = this.#upgraded.dialect === "v2";
    this.#connection.start();
    if (isV2) {
      this.#connection.sendControl({ kind: "quiet", forMs: idleMs + MARGIN_MS });
      this.#connection.sendControl({ kind: "hello", agent: `${AGENT} doctor`, mtu: 1_500, offloads: OFFLOAD_ALL });
      await this.#until(timeoutMs, () => this.#isWelcome);
    }
    this.#isSilent = true;
    this.#quietSinceMs = this.#clock.nowMs();
    await this.#until(idleMs, () => false);
    const outcome = this.#reason === undefined ? await this.#knock(isV2) : this.#ended("cut");
    this.#connection.close();
    this.#clock.after(this.#options.closeTimeoutMs, () => this.#connection.destroy());
    return outcome;
  }

  async #knock(isAnswered: boolean): Promise<IdleOutcome> {
    this.#isSilent = false;
    const silentMs = this.#clock.nowMs() - this.#quietSinceMs;
    this.#connection.ping();
    await this.#until(isAnswered ? this.#options.timeoutMs : MUTE_MS, () => this.#hasPong);
    const isAlive = this.#hasPong || (!isAnswered && this.#reason === undefined);
    if (!isAlive) return { ...this.#ended("dead"), silentMs };
    return { state: "alive", silentMs, reason: "", spokeAfterMs: this.#spokeAfterMs };
  }

  #ended(state: "cut" | "dead"): IdleOutcome {
    const silentMs = this.#clock.nowMs() - this.#quietSinceMs;
    return { state, silentMs, reason: this.#reason ?? "", spokeAfterMs: this.#spokeAfterMs };
  }

  #onControl({ kind }: ControlMessage): void {
    if (kind === "welcome") this.#note(() => (this.#isWelcome = true));
  }

  #onHeard(): void {
    if (!this.#isSilent) return;
    this.#spokeAfterMs ??= this.#clock.nowMs() - this.#quietSinceMs;
    // From here on it is silent anew.
    this.#quietSinceMs = this.#clock.nowMs();
  }

  #note(change: () => unknown): void {
    change();
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Waits for the condition, the end of the connection, or the time. */
  async #until(timeoutMs: number, isMet: () => boolean): Promise<void> {
    const deadlineMs = this.#clock.nowMs() + timeoutMs;
    while (!isMet() && this.#reason === undefined) {
      const leftMs = deadlineMs - this.#clock.nowMs();
      if (leftMs <= 0) return;
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(leftMs, resolve);
        this.#waiters.push(() => {
          cancel();
          resolve();
        });
      });
    }
  }
}
