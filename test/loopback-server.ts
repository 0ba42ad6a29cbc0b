import { GuessLimiter } from "../src/access/guess-limiter.ts";
import { type Clock, systemClock } from "../src/base/clock.ts";
import type { Logger } from "../src/base/logger.ts";
import type { Device } from "../src/device/device.ts";
import type { NetworkDefinition } from "../src/server/network.ts";
import { Server } from "../src/server/server.ts";
import { SERVER_DEFAULTS, type ServerOptions } from "../src/server/server-options.ts";
import type { CensusOptions } from "../src/transport/connection-census.ts";
import type { TuneSocket } from "../src/transport/connection-deps.ts";
import { parseListenAddress } from "../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS } from "../src/transport/listener.ts";
import { maskBytes } from "../src/wire/mask.ts";
import { type OpenAccessOptions, openAccess } from "./open-access.ts";

export interface LoopbackOptions extends Partial<ServerOptions> {
  readonly census?: Partial<CensusOptions>;
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly access?: OpenAccessOptions;
  /** What is known of a connection's socket; default: nothing. */
  readonly tuneSocket?: TuneSocket;
  /** The server's own TAP in the first network. */
  readonly device?: Device | undefined;
  /** Whether many MACs are behind it. */
  readonly bridge?: boolean;
  /** Default: a port of loopback, where every protocol is spoken. */
  readonly listen?: string;
  /** Who is at the other end of a unix socket. */
  readonly peerUid?: () => number | undefined;
  /** Names; default: one. */
  readonly networks?: readonly string[];
}

export interface Loopback {
  readonly server: Server;
  /** `tcp://host:port`, or the unix socket that was asked for. */
  readonly address: string;
}

/** A server that listens on a loopback port, started. */
export async function startLoopbackServer(log: Logger, options: LoopbackOptions = {}): Promise<Loopback> {
  const {
    clock = systemClock,
    access = {},
    device,
    networks = ["default"],
    bridge = false,
    census,
    listen = "tcp://127.0.0.1:0",
    peerUid = () => undefined,
    ...others
  } = options;
  const { tuneSocket = () => undefined, ...rest } = others;
  const listeners = await bindListeners({ clock: systemClock, log, peerUid }, [parseListenAddress(listen)], {
    ...LISTENER_DEFAULTS,
    ...census,
    tls: undefined,
  });
  const definitions = networks.map((name, index) => definitionOf(name, index === 0 ? device : undefined, bridge));
  const parts = {
    mask: maskBytes,
    tuneSocket,
    limiter: new GuessLimiter(clock),
    onDeviceError: () => {},
  };
  const server = new Server(
    { clock, log, listeners, access: openAccess(access), networks: definitions, ...parts },
    { ...SERVER_DEFAULTS, ...rest },
  );
  server.start();
  return { server, address: server.addresses[0] ?? "" };
}

function definitionOf(name: string, device: Device | undefined, bridge: boolean): NetworkDefinition {
  const flooding = { bridge, floodBroadcast: true, floodMulticast: true };
  return { name, device, addresses: [], prefixes: [], ...flooding, mtu: 1500 };
}
