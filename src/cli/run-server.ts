import type { Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { makeFailure } from "../base/failure.ts";
import { AGENT } from "../base/version.ts";
import { parseCidr } from "../device/cidr.ts";
import type { Device } from "../device/device.ts";
import { nativeMask } from "../device/native-mask.ts";
import { peerCredentials, socketDescriptor } from "../device/socket-options.ts";
import { openTap, TAP_DEFAULTS } from "../device/tap.ts";
import { checkTapOptions, type TapOptions } from "../device/tap-options.ts";
import { Server } from "../server/server.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { formatListenAddress, isLocalOnly, type ListenAddress } from "../transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS, type Listener } from "../transport/listener.ts";
import type { TlsOffer } from "../transport/tls-offer.ts";
import { TLS_SETTINGS } from "../transport/tls-settings.ts";
import { runExec } from "./exec.ts";
import { readFlagFile } from "./files.ts";
import { type LogFormat, type LogLevel, makeLogger } from "./log.ts";
import { dropPrivileges } from "./privileges.ts";
import { runUntilSignal } from "./process-life.ts";
import { tuneSocket } from "./tune-socket.ts";

/** A server as its command line describes it, in the new form or in the original's. */
export interface ServerSettings {
  readonly listen: readonly ListenAddress[];
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tap: string | undefined;
  readonly addresses: readonly string[];
  readonly mtu: number | undefined;
  readonly bridge: boolean;
  readonly exec: string | undefined;
  readonly broadcast: boolean;
  readonly multicast: boolean;
  readonly uid: string | undefined;
  readonly gid: string | undefined;
  readonly allowAnonymous: boolean;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/**
 * Listeners, TAP, `--exec`, privileges: in this order, as in the original; only then is anything read that a stranger
 * sent. An address that is in use leaves neither a TAP nor what `--exec` does. Serves until a signal comes.
 */
export async function runServer(settings: ServerSettings): Promise<void> {
  const log = makeLogger(settings.logFormat, settings.logLevel);
  checkExposure(settings, (text) => log.warn("server.anonymous", text));
  const tls = loadCertificate(settings);
  const tap = tapOptions(settings);
  const mask = nativeMask();
  const listenerDeps = { clock: systemClock, log, peerUid };
  const listeners = await bindListeners(listenerDeps, settings.listen, { ...LISTENER_DEFAULTS, tls });
  const device = openUplink(tap, listeners);
  const failed = makeFailure();
  const server = new Server(
    { clock: systemClock, log, mask, tuneSocket, listeners, device, onDeviceError: failed.fail },
    Object.freeze({
      ...SERVER_DEFAULTS,
      bridge: settings.bridge,
      floodBroadcast: settings.broadcast,
      floodMulticast: settings.multicast,
      mtu: device?.mtu ?? settings.mtu ?? SERVER_DEFAULTS.mtu,
    }),
  );
  try {
    if (settings.exec !== undefined) runExec(settings.exec, device?.name);
    dropPrivileges(settings);
    server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  const addresses = server.addresses.join(", ");
  const uplink = device === undefined ? "no TAP" : `TAP ${device.name}`;
  log.info("server.ready", `${AGENT} listens on ${addresses}, ${uplink}`, { addresses, tap: device?.name });
  await runUntilSignal(log, server, failed.promise);
  log.info("server.stopped", "stopped");
}

function peerUid(socket: Socket): number | undefined {
  const fd = socketDescriptor(socket);
  return fd === undefined ? undefined : peerCredentials(fd).uid;
}

/** What the flags say about the TAP; what is wrong with them is told before anything is bound. */
function tapOptions({ tap, addresses, mtu }: ServerSettings): TapOptions | undefined {
  if (tap === undefined) {
    if (addresses.length > 0) throw new ConfigError("ADDRESS_WITHOUT_TAP", "--address needs --tap: it is the TAP's.");
    return undefined;
  }
  const cidrs = addresses.map(parseCidr);
  const options = { ...TAP_DEFAULTS, name: tap, addresses: cidrs, ...(mtu === undefined ? {} : { mtu }) };
  checkTapOptions(options);
  return options;
}

/** The TAP, if there is to be one; the listeners are closed if it cannot be made. */
function openUplink(options: TapOptions | undefined, listeners: readonly Listener[]): Device | undefined {
  try {
    return options === undefined ? undefined : openTap(options);
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

/** Fails closed: who reaches a listener is in, so one that strangers reach must be asked for by name. */
function checkExposure({ listen, allowAnonymous }: ServerSettings, warn: (text: string) => void): void {
  const exposed = listen.filter((address) => !isLocalOnly(address)).map((address) => formatListenAddress(address));
  if (exposed.length === 0) return;
  const where = exposed.join(", ");
  if (!allowAnonymous) {
    throw new ConfigError(
      "LISTENER_EXPOSED",
      `${where} is reachable from other machines, and anyone who reaches it is in.`,
      {
        hint: "Listen on 127.0.0.1 or a unix socket behind a web server that authenticates, or say --allow-anonymous.",
      },
    );
  }
  warn(`anyone who reaches ${where} joins the network without authentication (--allow-anonymous)`);
}

function loadCertificate({ listen, tlsCert, tlsKey }: ServerSettings): TlsOffer | undefined {
  if (tlsCert === undefined && tlsKey === undefined) {
    if (!listen.some(({ kind }) => kind === "https")) return undefined;
    throw new ConfigError("TLS_FILES_MISSING", "an https listener needs --tls-cert FILE and --tls-key FILE.");
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ConfigError("TLS_FILES_MISSING", "--tls-cert and --tls-key go together: give both.");
  }
  const cert = readFlagFile("--tls-cert", tlsCert);
  const key = readFlagFile("--tls-key", tlsKey);
  try {
    const context = createSecureContext({ cert, key, ...TLS_SETTINGS });
    return { context: () => context, asksCertificate: false };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("TLS_FILES_INVALID", `cannot use ${tlsCert} with ${tlsKey}: ${reason}.`, {
      cause,
      hint: "Both must be PEM: the certificate with its chain, and its own key without a passphrase.",
    });
  }
}
