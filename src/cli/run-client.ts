import { systemClock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { makeFailure } from "../base/failure.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import { Client, type ClientDeps } from "../client/client.ts";
import { CLIENT_DEFAULTS, type ClientOptions } from "../client/client-options.ts";
import { SystemWake, type Wake } from "../client/wake.ts";
import { parseCidr } from "../device/cidr.ts";
import { nativeMask } from "../device/native-mask.ts";
import { watchNetwork } from "../device/network-watch.ts";
import { openTap, TAP_DEFAULTS } from "../device/tap.ts";
import { isLoopback } from "../transport/trusted-path.ts";
import { makeAddressAssigner } from "./assigned-addresses.ts";
import type { ClientSettings } from "./client-settings.ts";
import { showClientStatus } from "./client-socket.ts";
import { findTarget } from "./client-target.ts";
import { loadClientTls } from "./client-tls.ts";
import { Congestion } from "./congestion.ts";
import { runExec } from "./exec.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { makeLogger } from "./log.ts";
import { pinWay } from "./pinned-way.ts";
import { dropPrivileges } from "./privileges.ts";
import { runUntilSignal } from "./process-life.ts";
import { makeTuneSocket } from "./tune-socket.ts";
import { loadWay } from "./way-settings.ts";

/** TAP, `--exec`, then a session with the server, kept up until a signal comes. */
export async function runClient(settings: ClientSettings): Promise<void> {
  hideSecrets("client", settings);
  const log = makeLogger(settings.logFormat, settings.logLevel);
  const { servers, pins, credentials, dialects, keep } = findTarget(settings);
  const tls = loadClientTls(settings, pins);
  const way = loadWay(settings, process.env);
  const congestion = new Congestion(settings.congestion);
  warnOfRisks(log, { servers, tls, credentials });
  const { tap: name = TAP_DEFAULTS.name, mtu, bridge, race, connections } = settings;
  const addresses = settings.addresses.map(parseCidr);
  const device = openTap({ ...TAP_DEFAULTS, name, addresses, ...(mtu === undefined ? {} : { mtu }) });
  // Before anybody else can change the routes.
  const pinned = pinWay(log, device.name, way, settings);
  // In a bridge it would have frames of the others dropped without a word; the server answers what is too large.
  const fitMtu = mtu === undefined && !bridge;
  const failed = makeFailure();
  const deps: ClientDeps = {
    clock: systemClock,
    log,
    mask: nativeMask(),
    tuneSocket: makeTuneSocket(congestion),
    device,
    onDeviceError: failed.fail,
    wake: makeWake(log, device.name),
    ...(keep === undefined ? {} : { keepCredential: keep }),
    // A TAP in a bridge has none: its bridge has.
    ...(addresses.length > 0 || bridge ? {} : { assignAddresses: makeAddressAssigner(log, device.name) }),
  };
  const client = new Client(
    deps,
    Object.freeze({
      ...CLIENT_DEFAULTS,
      servers,
      race,
      tls,
      way: pinned.way,
      connections,
      credentials,
      bridge,
      dialects,
      fitMtu,
    }),
  );
  try {
    if (settings.exec !== undefined) runExec(settings.exec, device.name);
    // The right to set addresses stays: the server may give us some.
    dropPrivileges({ uid: undefined, gid: undefined, keepNetAdmin: true });
  } catch (error) {
    await client.stop();
    pinned.close();
    throw error;
  }
  log.info("client.started", `${AGENT}: TAP ${device.name}, ${device.mac}`, { tap: device.name, mac: device.mac });
  client.start();
  // Not waited for: a signal may come at once.
  const shown = showClientStatus(log, client, device.name);
  // With one server there is none to go back to, and SIGHUP means what it means to every program.
  if (servers.length > 1) process.on("SIGHUP", () => client.failBack());
  try {
    await runUntilSignal(log, client, failed.promise);
  } finally {
    (await shown)();
    pinned.close();
  }
  log.info("client.stopped", "stopped");
}

/** A network that cannot be watched is no reason not to start. */
function makeWake(log: Logger, tap: string): Wake {
  const watch = (onChange: () => void): { close(): void } => {
    try {
      return watchNetwork(systemClock, tap, onChange);
    } catch (error) {
      log.warn("client.network-unwatched", describeError(error));
      return { close: () => {} };
    }
  };
  return new SystemWake({ clock: systemClock, wallMs: Date.now, watchNetwork: watch });
}

function warnOfRisks(
  log: Logger,
  { servers, tls, credentials }: Pick<ClientOptions, "servers" | "tls" | "credentials">,
): void {
  if (servers.some((url) => url.credentials !== undefined)) {
    log.warn("client.credentials", "a password in the URL can be seen by other users for a moment: use --auth-file");
  }
  if (!tls.verify && servers.some(({ isSecure }) => isSecure) && tls.pins.length === 0) {
    log.warn("client.unverified", "--no-verify: whoever sits on the path can read and change everything");
  }
  const open = servers.find((url) => !url.isSecure && !isLoopback(url));
  if (credentials !== undefined && open !== undefined) {
    log.warn("client.plain-credentials", `the credentials cross the network to ${open.host} in clear: use wss://`);
  }
}
