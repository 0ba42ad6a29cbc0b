import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { configWarnings } from "../config/config-warnings.ts";
import type { NetworkConfig, ServerConfig } from "../config/server-config.ts";
import { WatchedFile } from "../config/watched-file.ts";
import type { Device } from "../device/device.ts";
import type { NetworkDefinition } from "../server/network.ts";
import type { Server } from "../server/server.ts";
import { formatListenAddress, type ListenAddress } from "../transport/listen-address.ts";
import type { AccessKeeper } from "./access-keeper.ts";
import type { ControlDesk } from "./control-desk.ts";
import type { Hooks } from "./hooks.ts";
import type { KnownFronts } from "./known-fronts.ts";
import { exposedListeners, type ServerSettings, serverConfigOf } from "./server-settings.ts";
import type { ServerTls } from "./server-tls.ts";

export interface ReloaderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly keeper: Pick<AccessKeeper, "make" | "settle" | "reloadFiles">;
  readonly server: Pick<Server, "reload" | "recheck">;
  readonly tls: Pick<ServerTls, "use" | "reload"> | undefined;
  readonly fronts: Pick<KnownFronts, "use">;
  readonly hooks: Pick<Hooks, "use">;
  readonly desk: Pick<ControlDesk, "use">;
  readonly definitionOf: (config: NetworkConfig, device: Device | undefined) => NetworkDefinition;
}

/**
 * Puts the configuration file in force again when it changes, and at SIGHUP with every file it names. A file that is wrong
 * changes nothing. Listeners and TAPs are made once, as root: what is said of them waits for a restart.
 */
export class Reloader {
  readonly #deps: ReloaderDeps;
  readonly #settings: ServerSettings;
  readonly #onHangup = (): void => void this.reloadAll();
  /** Where we listen, whatever the file says since. */
  readonly #listen: readonly ListenAddress[];
  #config: ServerConfig;
  #file: WatchedFile<Buffer> | undefined;

  constructor(deps: ReloaderDeps, settings: ServerSettings, config: ServerConfig) {
    this.#deps = deps;
    this.#settings = settings;
    this.#listen = config.listen;
    this.#config = config;
  }

  start(): void {
    process.on("SIGHUP", this.#onHangup);
    const { config: path } = this.#settings;
    if (path === undefined) return;
    const { clock, log } = this.#deps;
    const onError = (error: unknown): void => log.error("config.file", describeError(error));
    this.#file = new WatchedFile({ clock, onError }, { path, parse: (bytes) => bytes });
    this.#file.onChange(() => this.#reload());
  }

  close(): void {
    process.off("SIGHUP", this.#onHangup);
    this.#file?.close();
  }

  /** Reads the configuration and every file it names again. Returns what is wrong with the configuration, if something is. */
  reloadAll(): string | undefined {
    const { keeper, tls, server } = this.#deps;
    keeper.reloadFiles();
    tls?.reload();
    const fault = this.#reload();
    // A reload looks at everybody again, unless the file is wrong.
    if (fault !== undefined) server.recheck();
    return fault;
  }

  /** Puts what the file says in force, or returns why it is not. */
  #reload(): string | undefined {
    const { log } = this.#deps;
    try {
      this.#apply(serverConfigOf(this.#settings));
      log.info("config.reloaded", "the configuration was read again and is in force");
      return undefined;
    } catch (error) {
      const fault = describeError(error);
      log.error("config.reload-failed", `${fault}\n  The configuration from before stays in force.`);
      return fault;
    }
  }

  #apply(config: ServerConfig): void {
    const { keeper, server, tls, fronts, hooks, desk, definitionOf } = this.#deps;
    const judged = { ...config, listen: withoutRepeats([...this.#listen, ...config.listen]) };
    const exposed = exposedListeners(judged);
    if (exposed.length > 0 && !config.allowAnonymous) {
      throw new Error(`without authentication ${exposed.join(", ")} would let everybody in.`);
    }
    const access = keeper.make(judged);
    if (JSON.stringify(config.tls) !== JSON.stringify(this.#config.tls)) tls?.use(config.tls);
    keeper.settle();
    fronts.use(config);
    hooks.use(config.hooks);
    desk.use(config.control, access);
    server.reload(
      access,
      config.networks.map((network) => definitionOf(network, undefined)),
    );
    this.#warn(judged, config);
    this.#config = config;
  }

  /** Of dangers that are new, such as that everybody is let in from now on; and of what is not in force. */
  #warn(judged: ServerConfig, config: ServerConfig): void {
    const { log, tls } = this.#deps;
    const known = configWarnings({ ...this.#config, listen: judged.listen });
    for (const text of configWarnings(judged)) if (!known.includes(text)) log.warn("config.warning", text);
    for (const what of needsRestart(this.#config, config, tls !== undefined)) {
      log.warn("config.restart", `${what} changed: that is in force after a restart`);
    }
  }
}

function withoutRepeats(listen: readonly ListenAddress[]): readonly ListenAddress[] {
  return [...new Map(listen.map((address) => [formatListenAddress(address), address])).values()];
}

function controlPlaces({ control: { listen, isLocal, path } }: ServerConfig): string {
  return JSON.stringify([listen, isLocal, path]);
}

/** What cannot change while we run. */
function needsRestart(before: ServerConfig, after: ServerConfig, hasTls: boolean): readonly string[] {
  const listening = ({ listen }: ServerConfig): string => listen.map((address) => formatListenAddress(address)).join();
  const fixed = ({ path: _path, ...network }: NetworkConfig): string => JSON.stringify(network);
  const known = new Map(before.networks.map((network) => [network.name, fixed(network)]));
  const changed = after.networks.filter((network) => {
    const was = known.get(network.name);
    return was === undefined ? network.tap !== undefined : was !== fixed(network);
  });
  return [
    ...(listening(before) === listening(after) ? [] : ["listen"]),
    ...(controlPlaces(before) === controlPlaces(after) ? [] : ["control.listen or control.path"]),
    ...(JSON.stringify(before.limits) === JSON.stringify(after.limits) ? [] : ["limits"]),
    ...(hasTls || JSON.stringify(before.tls) === JSON.stringify(after.tls) ? [] : ["tls"]),
    ...(before.stateDir === after.stateDir ? [] : ["state_dir"]),
    ...(before.congestion === after.congestion ? [] : ["congestion"]),
    ...changed.map(({ name }) => `network ${name}`),
  ];
}
