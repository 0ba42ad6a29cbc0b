import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { waitFor } from "../lab/wait.ts";
import { GUESS_LIMITER_DEFAULTS, GuessLimiter } from "../src/access/guess-limiter.ts";
import { type Clock, systemClock } from "../src/base/clock.ts";
import type { Logger } from "../src/base/logger.ts";
import type { Device } from "../src/device/device.ts";
import { Server, type ServerDeps } from "../src/server/server.ts";
import { SERVER_DEFAULTS, type ServerOptions } from "../src/server/server-options.ts";
import type { Incoming } from "../src/transport/incoming.ts";
import type { Listener, OnIncoming } from "../src/transport/listener.ts";
import { type ControlMessage, formatControlMessage, parseControlMessage } from "../src/wire/control-message.ts";
import { maskBytes } from "../src/wire/mask.ts";
import { VNET_HEADER_BYTES } from "../src/wire/vnet-header.ts";
import { encodeMessage, Opcode } from "../src/wire/websocket.ts";
import { WebSocketDecoder } from "../src/wire/websocket-decoder.ts";
import { type OpenAccessOptions, openAccess } from "./open-access.ts";

export interface MemoryServerOptions extends Partial<ServerOptions> {
  readonly clock?: Clock;
  readonly access?: OpenAccessOptions;
  /** The server's own TAP in the first network. */
  readonly device?: Device;
  /** Names; default: one. */
  readonly networks?: readonly string[];
  readonly operations?: ServerDeps["operations"];
}

/** How a peer comes. */
export interface Knock {
  readonly mac?: string;
  readonly bridge?: boolean;
  readonly path?: string;
  readonly address?: string;
  readonly agent?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

const MASK_KEY = 0x1234_5678;

/** A server without sockets, started: thousands of peers join in a second. */
export class MemoryServer {
  readonly server: Server;
  #onIncoming: OnIncoming = () => {};

  constructor(log: Logger, options: MemoryServerOptions = {}) {
    const { clock = systemClock, access = {}, device, networks = ["default"], operations, ...rest } = options;
    const listener: Pick<Listener, "address" | "open" | "close"> = {
      address: "memory://",
      open: (onIncoming) => {
        this.#onIncoming = onIncoming;
      },
      close: () => {},
    };
    const definitions = networks.map((name, index) => definitionOf(name, index === 0 ? device : undefined));
    const parts = {
      mask: maskBytes,
      tuneSocket: () => undefined,
      limiter: new GuessLimiter(clock, GUESS_LIMITER_DEFAULTS),
      onDeviceError: () => {},
      ...(operations === undefined ? {} : { operations }),
    };
    this.server = new Server(
      {
        clock,
        log,
        listeners: [listener as Listener],
        networks: definitions,
        access: openAccess(inAnyOf(networks, access)),
        ...parts,
      },
      { ...SERVER_DEFAULTS, ...rest },
    );
    this.server.start();
  }

  /** A v2 peer, after it was welcomed; throws the answer if it was refused. */
  async join(knock: Knock = {}): Promise<MemoryPeer> {
    const peer = new MemoryPeer();
    this.#onIncoming(incomingOf(peer, knock));
    await waitFor("an answer", () => peer.answer !== undefined, { pollMs: 1 });
    if (!peer.answer?.startsWith("HTTP/1.1 101 ")) throw new Error(peer.answer);
    peer.say({ kind: "hello", agent: knock.agent ?? "test", mtu: 1500, offloads: 0 });
    await waitFor("a welcome", () => peer.controls.some(({ kind }) => kind === "welcome"), { pollMs: 1 });
    return peer;
  }
}

/** Everybody may join each network, by the path that is its name. */
function inAnyOf(names: readonly string[], { policyData, ...access }: OpenAccessOptions): OpenAccessOptions {
  const defaults = { bridge: true, networks: names, ...policyData?.defaults };
  const networks = names.map((name) => ({ name, path: `/${name}` }));
  return { ...access, policyData: { networks, ...policyData, defaults } };
}

/** The other end of a peer's connection; it answers a close frame by going. */
export class MemoryPeer {
  readonly socket: Socket;
  readonly frames: Buffer[] = [];
  readonly controls: ControlMessage[] = [];
  readonly closes: (readonly [code: number, reason: string])[] = [];
  /** What came before the frames. */
  answer: string | undefined;
  readonly #socket: MemorySocket;
  #received: Buffer = Buffer.alloc(0);
  readonly #decoder = new WebSocketDecoder(
    { role: "client", dialect: "v2", maxMessageBytes: 70_000, mask: maskBytes },
    {
      onBinary: (bytes, start, end) => this.frames.push(Buffer.from(bytes.subarray(start + VNET_HEADER_BYTES, end))),
      onText: (text) => this.#onText(text),
      onPing: (payload) => void this.#send(Opcode.pong, Buffer.from(payload)),
      onPong: () => {},
      onClose: (code, reason) => {
        this.closes.push([code, reason]);
        queueMicrotask(() => this.vanish());
      },
    },
  );

  constructor() {
    this.#socket = new MemorySocket((bytes) => this.#onBytes(bytes));
    this.socket = this.#socket as unknown as Socket;
  }

  say(message: ControlMessage): this {
    return this.#send(Opcode.text, Buffer.from(formatControlMessage(message)));
  }

  send(...frames: readonly Buffer[]): this {
    for (const frame of frames) this.#send(Opcode.binary, Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), frame]));
    return this;
  }

  /** The line is cut: no word of goodbye. */
  vanish(): void {
    this.#socket.destroy();
  }

  #send(opcode: (typeof Opcode)[keyof typeof Opcode], payload: Uint8Array): this {
    this.#socket.arrive(encodeMessage(opcode, payload, MASK_KEY, maskBytes));
    return this;
  }

  #onBytes(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.answer === undefined) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.answer = this.#received.toString("latin1");
      this.#received = this.#received.subarray(end + 4);
    }
    const consumed = this.#decoder.decode(this.#received, 0, this.#received.length);
    this.#received = this.#received.subarray(consumed);
  }

  #onText(text: string): void {
    const result = parseControlMessage(text);
    if (result.state === "message") this.controls.push(result.message);
  }
}

/** In the place of a socket: what is written goes to a function, and at once. */
class MemorySocket extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #take: (bytes: Buffer) => void;

  constructor(take: (bytes: Buffer) => void) {
    super({ allowHalfOpen: false });
    this.#take = take;
  }

  setNoDelay(): void {}

  /** Soon: nothing arrives while something is being sent. */
  arrive(bytes: Uint8Array): void {
    queueMicrotask(() => {
      if (this.destroyed) return;
      this.bytesRead += bytes.length;
      this.push(bytes);
    });
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytesWritten += bytes.length;
    this.#take(Buffer.from(bytes));
    done();
  }
}

function incomingOf({ socket }: MemoryPeer, { mac, bridge, path = "/", address, headers = {} }: Knock): Incoming {
  const all: Record<string, string> = {
    host: "test",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-protocol": "vpn-ws.v2",
    ...(mac === undefined ? {} : { "x-vpn-ws-mac": mac }),
    ...(bridge === true ? { "x-vpn-ws-bridge": "on" } : {}),
    ...headers,
  };
  return {
    via: "http",
    request: { method: "GET", path, query: "", header: (name) => all[name] },
    isControl: false,
    origin: { kind: "tcp", address: address ?? "192.0.2.1" },
    word: { address: "", user: "", distinguishedName: "" },
    certificate: undefined,
    socket,
    rest: Buffer.alloc(0),
  };
}

function definitionOf(name: string, device: Device | undefined) {
  const flooding = { bridge: false, floodBroadcast: true, floodMulticast: true };
  return { name, device, addresses: [], prefixes: [], ...flooding, mtu: 1500 };
}
