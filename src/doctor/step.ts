import type { Clock } from "../base/clock.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import { CONNECTION_DEFAULTS, type ConnectionLimits } from "../transport/connection-limits.ts";
import type { TlsClientOptions } from "../transport/dialer.ts";
import type { Address } from "../transport/happy-eyeballs.ts";
import type { ServerUrl } from "../transport/server-url.ts";
import type { WayOut } from "../transport/way-out.ts";
import type { CredentialMessage } from "../wire/control-message.ts";
import type { Mac } from "../wire/mac.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import type { Finding } from "./finding.ts";

/** Where the doctor goes, and how long it looks at each thing. */
export interface DoctorOptions extends ConnectionLimits {
  readonly url: ServerUrl;
  readonly way: WayOut;
  readonly tls: TlsClientOptions;
  readonly credentials: ClientCredentials | undefined;
  readonly dialects: readonly Dialect[];
  /** Its own, of nobody else. */
  readonly mac: Mac;
  /** For a look-up, a connection, TLS, an answer: each. */
  readonly timeoutMs: number;
  /** For the answer to one echo frame. */
  readonly echoTimeoutMs: number;
  readonly pings: number;
  /** How long each direction is filled, and with how much at most. */
  readonly loadMs: number;
  readonly loadBytes: number;
  /** How long a connection is left alone; 0: not at all. */
  readonly idleMs: number;
}

export const DOCTOR_DEFAULTS = {
  timeoutMs: 10_000,
  echoTimeoutMs: 3_000,
  pings: 20,
  loadMs: 5_000,
  /** Two seconds of a gigabit per second. */
  loadBytes: 256 * 1024 * 1024,
  /** Longer than the minute after which most web servers and proxies cut what is silent. */
  idleMs: 70_000,
  ...CONNECTION_DEFAULTS,
} as const;

/** One family of addresses of a name, as the system says; rejects if there are none. */
type LookUpFamily = (host: string, family: 4 | 6) => Promise<readonly Address[]>;

/** What every step stands on. */
export interface Ground {
  readonly clock: Clock;
  readonly connectionDeps: ConnectionDeps;
  readonly lookUp: LookUpFamily;
  /** Wall-clock time, Unix milliseconds: what certificates are measured by. */
  readonly wallMs: () => number;
  readonly options: DoctorOptions;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly report: (finding: Finding) => void;
  /** Keeps what the server gives for an invite, as the client does. */
  readonly keepCredential: ((credential: CredentialMessage) => Promise<void>) | undefined;
}

/** Looks at one thing, reports what it finds, and gives what the next step stands on; undefined: the way ends here. */
export type Step<Input, Output> = (ground: Ground, input: Input) => Promise<Output | undefined>;
