import { GUESS_LIMITER_DEFAULTS, GuessLimiter } from "../access/guess-limiter.ts";
import { systemClock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { makeFailure } from "../base/failure.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import { configWarnings } from "../config/config-warnings.ts";
import type { NetworkConfig, ServerConfig } from "../config/server-config.ts";
import { EventFeed, logAndPublish } from "../control/event-feed.ts";
import { parseCidr } from "../device/cidr.ts";
import type { Device } from "../device/device.ts";
import { nativeMask } from "../device/native-mask.ts";
import { openTap, TAP_DEFAULTS } from "../device/tap.ts";
import { checkTapOptions, type TapOptions } from "../device/tap-options.ts";
import type { NetworkDefinition } from "../server/network.ts";
import { Server } from "../server/server.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { DEFAULT_STATE_DIRECTORY, StateDirectory } from "../state/state-directory.ts";
import { TOKEN_FILE_NAME, TokenFile } from "../state/token-file.ts";
import { bindListeners, LISTENER_DEFAULTS, type Listener } from "../transport/listener.ts";
import { parseIpAddress, parseIpPrefix } from "../wire/ip-prefix.ts";
import { AccessKeeper } from "./access-keeper.ts";
import { type Account, findUser } from "./accounts.ts";
import { Congestion, DEFAULT_CONGESTION } from "./congestion.ts";
import { ControlDesk } from "./control-desk.ts";
import { fitConnections } from "./descriptor-limit.ts";
import { runExec } from "./exec.ts";
import { Hooks } from "./hooks.ts";
import { KnownFronts } from "./known-fronts.ts";
import { makeLogger } from "./log.ts";
import { peekByte } from "./peek-byte.ts";
import { peerUid } from "./peer-uid.ts";
import { dropPrivileges } from "./privileges.ts";
import { runUntilSignal } from "./process-life.ts";
import { Reloader } from "./reloader.ts";
import { exposedListeners, type ServerSettings, serverConfigOf } from "./server-settings.ts";
import { ServerTls } from "./server-tls.ts";
import { openSessionStore } from "./session-store.ts";
import { makeTuneSocket } from "./tune-socket.ts";

/** Of a network without a TAP. */
const DEFAULT_MTU = 1500;

/**
 * Configuration, credentials, listeners, TAPs, `--exec`, privileges: in this order; only then is anything read that a
 * stranger sent. An address that is in use leaves neither a TAP nor what `--exec` does. Serves until a signal comes.
 */
export async function runServer(settings: ServerSettings): Promise<void> {
  const events = new EventFeed();
  const log = logAndPublish(makeLogger(settings.logFormat, settings.logLevel), events);
  const config = serverConfigOf(settings);
  checkExposure(config, log);
  if (settings.config !== undefined) for (const text of configWarnings(config)) log.warn("config.warning", text);
  const state = stateOf(config);
  const taps = tapOptionsOf(config);
  const mask = nativeMask();
  const tls = await ServerTls.open({ clock: systemClock, log, openState: state.open }, config);
  let onChanged = (): void => {};
  const openTokens = (): TokenFile => {
    const path = state.open().file(TOKEN_FILE_NAME);
    return new TokenFile({ clock: systemClock, nowUnixMs: Date.now }, path);
  };
  const keeper = new AccessKeeper({ clock: systemClock, log, openTokens, onChanged: () => onChanged() });
  const access = keeper.make(config);
  const fronts = new KnownFronts(config);
  const congestion = new Congestion(config.congestion ?? DEFAULT_CONGESTION);
  const owner = ownerOf(settings);
  const listeners = await bindAll(config, log, tls, fronts, congestion);
  const limiter = new GuessLimiter(systemClock, GUESS_LIMITER_DEFAULTS);
  const sessionStore = openSessionStore({ log, state }, config);
  const deskDeps = { clock: systemClock, log, limiter, tls: tls?.certificate, sessionStore };
  const deskOptions = { control: config.control, owner: owner?.uid, isQuiet: settings.isLegacy };
  const closeListeners = (): void => {
    for (const listener of listeners) listener.close();
  };
  const desk = await orElse(closeListeners, () => ControlDesk.bind(deskDeps, deskOptions));
  const closeAll = (): void => {
    closeListeners();
    void desk.close();
  };
  const devices = await orElse(closeAll, () => openUplinks(taps));
  const failed = makeFailure();
  const drain = makeWord();
  const hooks = new Hooks({ clock: systemClock, log, fetch }, config.hooks);
  const limits = config.limits.maxPeers === undefined ? {} : { maxPeers: config.limits.maxPeers };
  const server = new Server(
    {
      clock: systemClock,
      log,
      mask,
      tuneSocket: makeTuneSocket(congestion),
      limiter,
      listeners,
      networks: config.networks.map((network) => definitionOf(network, devices.get(network.name))),
      access,
      onDeviceError: failed.fail,
      onPage: desk.onPage,
      onPeer: hooks.tell,
      events,
      operations: { reload: () => reloader.reloadAll(), drain: () => drain.say("an operator's word") },
    },
    Object.freeze({ ...SERVER_DEFAULTS, ...limits }),
  );
  onChanged = () => server.recheck();
  const reloaderDeps = { clock: systemClock, log, keeper, server, tls, fronts, hooks, desk, definitionOf };
  const reloader: Reloader = new Reloader(reloaderDeps, settings, config);
  const names = [...devices.values()].map(({ name }) => name);
  try {
    if (settings.exec !== undefined) runExec(settings.exec, names[0]);
    if (owner === undefined) state.opened()?.checkOwner();
    else state.opened()?.giveTo(owner.uid, owner.gid ?? owner.uid);
    // Reads the configuration, which may be root's alone.
    reloader.start();
    dropPrivileges(settings);
    server.start();
    desk.serve(server.control, access);
    const addresses = server.addresses.join(", ");
    const uplinks = names.length === 0 ? "no TAP" : `TAP ${names.join(", ")}`;
    log.info("server.ready", `${AGENT} listens on ${addresses}, ${uplinks}`, { addresses, tap: names[0] });
    await runUntilSignal(log, server, failed.promise, drain.said);
  } finally {
    reloader.close();
    keeper.close();
    tls?.close();
    await server.stop();
    await hooks.close();
    await desk.close();
  }
  log.info("server.stopped", "stopped");
}

/** The state directory, made when it is first needed: not by a server that has nothing to keep. */
function stateOf({ stateDir = DEFAULT_STATE_DIRECTORY }: ServerConfig) {
  let opened: StateDirectory | undefined;
  return {
    open: (): StateDirectory => {
      opened ??= StateDirectory.open(stateDir);
      return opened;
    },
    /** Not made if it is not there. */
    find: (): StateDirectory | undefined => {
      opened ??= StateDirectory.find(stateDir);
      return opened;
    },
    opened: (): StateDirectory | undefined => opened,
  };
}

/** Who we are about to become, who must still be able to keep tokens and be looked at; undefined: we stay who we are. */
function ownerOf({ uid }: ServerSettings): Account | undefined {
  return uid === undefined || process.geteuid?.() !== 0 ? undefined : findUser(uid, "--uid");
}

/** A promise and the function that keeps it. */
function makeWord(): { readonly said: Promise<string>; readonly say: (word: string) => void } {
  let say: (word: string) => void = () => {};
  const said = new Promise<string>((resolve) => {
    say = resolve;
  });
  return { said, say };
}

/** Opens something; if it cannot be opened, what was opened before is closed. */
async function orElse<T>(close: () => void, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    close();
    throw error;
  }
}

function bindAll(
  { listen, limits }: ServerConfig,
  log: Logger,
  tls: ServerTls | undefined,
  { isSharedAddress, mayConnect }: KnownFronts,
  { tuneListener }: Congestion,
): Promise<readonly Listener[]> {
  const { connectionsPerAddress, maxConnections, handshakeTimeoutMs } = limits;
  return bindListeners({ clock: systemClock, log, peerUid, peekByte, tuneListener }, listen, {
    ...LISTENER_DEFAULTS,
    ...(connectionsPerAddress === undefined ? {} : { maxConnectionsPerAddress: connectionsPerAddress }),
    maxConnections: fitConnections(log, maxConnections ?? LISTENER_DEFAULTS.maxConnections),
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
    tls: tls?.certificate,
    isSharedAddress,
    mayConnect,
  });
}

/** What is wrong with the TAPs is told before anything is bound. */
function tapOptionsOf({ networks }: ServerConfig): ReadonlyMap<string, TapOptions> {
  const options = new Map<string, TapOptions>();
  for (const { name, tap, addresses, mtu } of networks) {
    if (tap === undefined) {
      if (addresses.length > 0) throw new ConfigError("ADDRESS_WITHOUT_TAP", "--address needs --tap: it is the TAP's.");
      continue;
    }
    const cidrs = addresses.map(parseCidr);
    const given = { name: tap, addresses: cidrs, ...(mtu === undefined ? {} : { mtu }) };
    // Peers that come back to a restarted server know its MAC already.
    const tapOptions: TapOptions = { ...TAP_DEFAULTS, ...given, mac: "lasting" };
    checkTapOptions(tapOptions);
    options.set(name, tapOptions);
  }
  return options;
}

/** The TAPs, by network; if one of them cannot be made there are none. */
function openUplinks(options: ReadonlyMap<string, TapOptions>): ReadonlyMap<string, Device> {
  const devices = new Map<string, Device>();
  try {
    for (const [network, tap] of options) devices.set(network, openTap(tap));
    return devices;
  } catch (error) {
    for (const device of devices.values()) device.close();
    throw error;
  }
}

function definitionOf(config: NetworkConfig, device: Device | undefined): NetworkDefinition {
  const { name, bridge, broadcast, multicast } = config;
  const addresses = config.addresses.map((text) => parseIpAddress(text.replace(/\/.*$/, "")));
  return {
    name,
    device,
    addresses: addresses.filter((address) => address !== undefined),
    prefixes: config.addresses.map(parseIpPrefix).filter((prefix) => prefix !== undefined),
    bridge,
    floodBroadcast: broadcast,
    floodMulticast: multicast,
    mtu: device?.mtu ?? config.mtu ?? DEFAULT_MTU,
  };
}

/** Fails closed: where nobody has to show anything, a listener that strangers reach must be asked for by name. */
function checkExposure(config: ServerConfig, log: Logger): void {
  const where = exposedListeners(config).join(", ");
  if (where === "") return;
  if (!config.allowAnonymous) {
    throw new ConfigError(
      "LISTENER_EXPOSED",
      `${where} is reachable from other machines, and anyone who reaches it is in.`,
      {
        hint: "Say who may join with --auth or in a configuration file, listen on 127.0.0.1 or a unix socket behind a web server that authenticates, or say --allow-anonymous.",
      },
    );
  }
  log.warn(
    "server.anonymous",
    `anyone who reaches ${where} joins the network without authentication (--allow-anonymous)`,
  );
}
