/**
 * Both ends of a connection over real sockets, each writing down what it hears: the ground of the connection contract.
 */
import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { makeCertificates } from "../../lab/certificates.ts";
import type { Lab } from "../../lab/namespace.ts";
import { waitFor } from "../../lab/wait.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { DropReason } from "../../src/base/drop-reason.ts";
import { ByteStream } from "../../src/transport/byte-stream.ts";
import type { Closed } from "../../src/transport/connection.ts";
import { type ConnectionDeps, makeConnectionDeps } from "../../src/transport/connection-deps.ts";
import { CONNECTION_DEFAULTS } from "../../src/transport/connection-limits.ts";
import { LIVENESS_DEFAULTS } from "../../src/transport/liveness.ts";
import { type ConnectionOptions, WebSocketConnection } from "../../src/transport/websocket-connection.ts";
import type { ControlMessage } from "../../src/wire/control-message.ts";
import { Frame } from "../../src/wire/frame.ts";
import { maskBytes } from "../../src/wire/mask.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";

export interface SocketPair {
  readonly client: Socket;
  readonly server: Socket;
  close(): void;
}

export type Carrier = "tcp" | "unix" | "tls";

export interface CarrierFiles {
  /** For unix sockets. */
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
}

/** Files for all carriers; they go with the lab. */
export async function makeCarrierFiles(lab: Lab): Promise<CarrierFiles> {
  const { directory, server } = await makeCertificates(lab, { server: ["127.0.0.1"] });
  return { ...server, directory };
}

let socketsMade = 0;

/** Two ends of one stream, both paused. */
export async function joinSockets(carrier: Carrier, files: CarrierFiles): Promise<SocketPair> {
  const accepted: Socket[] = [];
  const onSocket = (socket: Socket): void => void accepted.push(socket.pause());
  const server: Server =
    carrier === "tls"
      ? createTlsServer({ cert: readFileSync(files.certificate), key: readFileSync(files.key) }, onSocket)
      : createServer({ pauseOnConnect: true }, onSocket);
  const path = join(files.directory, `pair${socketsMade++}.sock`);
  await new Promise<void>((resolve) =>
    carrier === "unix" ? server.listen(path, resolve) : server.listen(0, "127.0.0.1", resolve),
  );
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const client =
    carrier === "unix"
      ? connect(path)
      : carrier === "tcp"
        ? connect(port, "127.0.0.1")
        : connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise((resolve) => client.once(carrier === "tls" ? "secureConnect" : "connect", resolve));
  client.pause();
  const other = await waitFor("the accepted socket", () => accepted[0], { pollMs: 1 });
  server.close();
  const close = (): void => {
    client.destroy();
    other.destroy();
  };
  return { client, server: other, close };
}

export interface RecordedFrame {
  readonly hasVnetHeader: boolean;
  /** With the virtio-net header in front if there is one. */
  readonly bytes: Buffer;
}

/** One end, and what it heard. */
export class RecordingEnd {
  readonly connection: WebSocketConnection;
  readonly frames: RecordedFrame[] = [];
  readonly badFrames: DropReason[] = [];
  readonly controls: ControlMessage[] = [];
  readonly closes: Closed[] = [];
  batches = 0;
  drained = 0;
  /** Frames that were taken and did not leave. */
  egressDrops = 0;
  readonly #frame = new Frame(Buffer.alloc(0));

  constructor(
    socket: Socket,
    options: Partial<ConnectionOptions> & Pick<ConnectionOptions, "role">,
    deps?: ConnectionDeps,
    head?: Uint8Array,
  ) {
    const complete: ConnectionOptions = {
      dialect: "v2",
      liveness: LIVENESS_DEFAULTS[options.role],
      limits: CONNECTION_DEFAULTS,
      ...options,
    };
    const all = deps ?? makeTestDeps();
    const { maxMessageBytes } = complete.limits;
    const stream = new ByteStream(socket, all.receiveBuffers, { maxMessageBytes, head: head ?? Buffer.alloc(0) });
    this.connection = new WebSocketConnection(
      all,
      stream,
      {
        onFrame: (frame) => this.#record(frame),
        onBatchEnd: () => void this.batches++,
        onDrop: (reason) => this.badFrames.push(reason),
        onControl: (message) => this.controls.push(message),
        onEgressDrop: (_reason, frames) => {
          this.egressDrops += frames;
        },
        onDrained: () => void this.drained++,
        onClosed: (closed) => this.closes.push(closed),
      },
      complete,
    );
  }

  /** Queues a frame, which has its virtio-net header in front if `hasVnetHeader`. */
  send(bytes: Buffer, hasVnetHeader = false): DropReason {
    const start = hasVnetHeader ? VNET_HEADER_BYTES : 0;
    return this.connection.send(this.#frame.set(bytes, start, bytes.length, hasVnetHeader));
  }

  async untilFrames(count: number): Promise<void> {
    const evidence = () => `${this.frames.length} came; ${JSON.stringify(this.closes)}`;
    await waitFor(`${count} frames`, () => this.frames.length >= count, { pollMs: 2, evidence });
  }

  async untilClosed(): Promise<Closed> {
    return await waitFor("the end", () => this.closes[0], { pollMs: 2 });
  }

  #record({ bytes, start, end, hasVnetHeader }: Frame): void {
    const from = hasVnetHeader ? start - VNET_HEADER_BYTES : start;
    this.frames.push({ hasVnetHeader, bytes: Buffer.from(bytes.subarray(from, end)) });
  }
}

export function makeTestDeps(clock: Clock = systemClock): ConnectionDeps {
  return makeConnectionDeps(clock, maskBytes, () => {});
}

/** Takes away what `readIntoStaticBuffers` needs, as a later Node might. */
export function withoutStaticReads(socket: Socket): Socket {
  const handle = (socket as unknown as { _handle: Record<string, unknown> })._handle;
  Object.defineProperty(handle, "useUserBuffer", { value: undefined });
  return socket;
}
