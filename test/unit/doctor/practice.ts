/** A doctor's practice: the doctor on real sockets, a real server, and whatever stands between them. */
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { examine } from "../../../src/doctor/doctor.ts";
import type { Finding, StepName } from "../../../src/doctor/finding.ts";
import { DOCTOR_DEFAULTS, type DoctorOptions, type Ground } from "../../../src/doctor/step.ts";
import { Server } from "../../../src/server/server.ts";
import { SERVER_DEFAULTS } from "../../../src/server/server-options.ts";
import { makeConnectionDeps } from "../../../src/transport/connection-deps.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS } from "../../../src/transport/listener.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import { STRAIGHT } from "../../../src/transport/way-out.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { openAccess } from "../../open-access.ts";
import { RecordingLog } from "../../recording-log.ts";

export const NO_TLS = { ca: undefined, cert: undefined, key: undefined, pins: [], verify: true };

const ENOTFOUND = (): never => {
  throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
};

/** What stands in between does with bytes: passes them on, or not. */
export interface Meddler {
  /** Answers instead of the server; the bytes are a connection's first. */
  readonly answer?: (first: string, nth: number) => string | undefined;
  /** Bytes from the client; undefined: swallow them, null: cut the connection. */
  readonly up?: (chunk: Buffer, nth: number) => Buffer | undefined | null;
  /** Cuts what was silent for so long. */
  readonly idleMs?: number;
  /** Forgets what was silent for so long, and tells nobody. */
  readonly forgetMs?: number;
}

export class Practice {
  readonly log = new RecordingLog();
  readonly #servers: Server[] = [];
  readonly #stands: NetServer[] = [];
  readonly #sockets = new Set<Socket>();

  async close(): Promise<void> {
    for (const stand of this.#stands.splice(0)) stand.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }

  /** Our server; its port. */
  async server(): Promise<number> {
    const { log } = this;
    const deps = { clock: systemClock, log, peerUid: () => undefined };
    const listeners = await bindListeners(deps, [parseListenAddress("tcp://127.0.0.1:0")], {
      ...LISTENER_DEFAULTS,
      tls: undefined,
    });
    const network = { name: "default", addresses: [], prefixes: [], bridge: false, mtu: 1500, device: undefined };
    const server = new Server(
      {
        ...{ clock: systemClock, log, mask: maskBytes, tuneSocket: () => {}, listeners },
        limiter: new GuessLimiter(systemClock),
        access: openAccess(),
        networks: [{ ...network, floodBroadcast: true, floodMulticast: true }],
        onDeviceError: () => {},
      },
      SERVER_DEFAULTS,
    );
    this.#servers.push(server);
    server.start();
    return Number(new URL((server.addresses[0] ?? "").replace("tcp:", "http:")).port);
  }

  /** Something that is no server of ours; its port. */
  async stand(onSocket: (socket: Socket) => void, tls?: TlsOptions): Promise<number> {
    const take = (socket: Socket): void => {
      this.#sockets.add(socket.on("error", () => {}));
      onSocket(socket);
    };
    const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
    this.#stands.push(server);
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  /** Passes connections on to the port, meddling with them; its port. */
  between(port: number, meddler: Meddler): Promise<number> {
    let count = 0;
    return this.stand((client) => {
      const nth = count++;
      const server = connect(port, "127.0.0.1");
      this.#sockets.add(server.on("error", () => {}));
      let heardMs = performance.now();
      const isForgotten = (): boolean =>
        meddler.forgetMs !== undefined && performance.now() - heardMs > meddler.forgetMs;
      const pass = (to: Socket, chunk: Buffer): void => {
        if (isForgotten()) return;
        heardMs = performance.now();
        to.write(chunk);
      };
      let isFirst = true;
      client.on("data", (chunk: Buffer) => {
        const answer = isFirst ? meddler.answer?.(chunk.toString("latin1"), nth) : undefined;
        const passed = isFirst || meddler.up === undefined ? chunk : meddler.up(chunk, nth);
        isFirst = false;
        if (answer !== undefined) client.end(answer);
        else if (passed === null) client.destroy();
        else if (passed !== undefined) pass(server, passed);
      });
      server.on("data", (chunk: Buffer) => pass(client, chunk));
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
      if (meddler.idleMs === undefined) return;
      const end = (): unknown => client.destroy();
      client.setTimeout(meddler.idleMs, end);
      server.on("data", () => client.setTimeout(meddler.idleMs as number, end));
    });
  }

  /** What the doctor finds on the way to the URL. */
  async examine(url: string, options: Partial<DoctorOptions> = {}, ground: Partial<Ground> = {}): Promise<Findings> {
    const findings: Finding[] = [];
    // The clock's timers keep nobody awake.
    const awake = setInterval(() => {}, 1_000);
    await examine({
      clock: systemClock,
      connectionDeps: makeConnectionDeps(systemClock, maskBytes, () => {}),
      lookUp: async (host, family) =>
        host === "localhost" && family === 4 ? [{ address: "127.0.0.1", family }] : ENOTFOUND(),
      wallMs: () => Date.now(),
      signal: new AbortController().signal,
      keepCredential: undefined,
      ...ground,
      report: (one) => {
        findings.push(one);
        ground.report?.(one);
      },
      options: {
        ...DOCTOR_DEFAULTS,
        ...{ url: parseServerUrl(url), way: STRAIGHT, tls: NO_TLS, credentials: undefined, dialects: ["v2", "v1"] },
        ...{ mac: "02:00:00:00:00:0d" as Mac, timeoutMs: 5_000, pings: 3, loadMs: 100, idleMs: 0 },
        ...options,
      },
    }).finally(() => clearInterval(awake));
    return new Findings(findings);
  }
}

/** What was found, by step. */
export class Findings {
  readonly all: readonly Finding[];

  constructor(all: readonly Finding[]) {
    this.all = all;
  }

  /** `step:level` of each, in the order of the report. */
  get course(): readonly string[] {
    return this.all.map(({ step, level }) => `${step}:${level}`);
  }

  /** Those that are not good. */
  get complaints(): readonly string[] {
    return this.all.filter(({ level }) => level !== "good").map(({ step, level }) => `${step}:${level}`);
  }

  of(step: StepName): Finding {
    const found = this.all.find((one) => one.step === step);
    if (found === undefined) throw new Error(`nothing was found about ${step}, but about ${this.course.join(", ")}`);
    return found;
  }
}
