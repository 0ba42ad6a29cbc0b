import type { FloodLog } from "../base/flood-log.ts";
import { hasBody, type Incoming, refuse } from "../transport/incoming.ts";
import type { Admission, Admitted, Refused } from "./admission.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { tooBusyFor } from "./room.ts";

export interface ReceptionDeps {
  readonly floodLog: FloodLog;
  readonly admission: Pick<Admission, "decide">;
  readonly refusals: Pick<RefusalLog, "tell">;
  /** Whether nobody may come in any more. */
  readonly isClosed: () => boolean;
  /** Somebody may come in. */
  readonly join: (incoming: Incoming, admitted: Admitted) => void;
}

/** Requests that wait for their authenticators at a time; as many as may be in their handshake. */
const MAX_DECIDING = 1_024;

/** Requests to join between the listener and the networks: as many as can be decided on, and each gets an answer. */
export class Reception {
  readonly #deps: ReceptionDeps;
  #deciding = 0;
  #refused = 0;

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  /** Requests that were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  async receive(incoming: Incoming): Promise<void> {
    if (hasBody(incoming)) {
      this.#refused++;
      refuse(incoming.socket, 413, "no request here takes a body");
      return;
    }
    if (this.#deciding >= MAX_DECIDING) {
      this.refuse(incoming, tooBusyFor(incoming));
      return;
    }
    this.#deciding++;
    try {
      const decision = await this.#deps.admission.decide(incoming);
      if (decision.state === "refused") this.refuse(incoming, decision);
      else if (incoming.socket.destroyed || this.#deps.isClosed()) incoming.socket.destroy();
      else this.#deps.join(incoming, decision);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const log = this.#deps.floodLog.about(incoming.origin.kind === "tcp" ? incoming.origin.address : "");
      log.error("access.failed", `a request could not be decided on and was refused: ${reason}`);
      this.#refused++;
      refuse(incoming.socket, 500, "The server could not decide whether you may join.");
    } finally {
      this.#deciding--;
    }
  }

  refuse(incoming: Incoming, refused: Refused): void {
    const { status, message, headers } = refused;
    this.#refused++;
    this.#deps.refusals.tell(refused, incoming.via);
    refuse(incoming.socket, status, message, headers);
  }
}
