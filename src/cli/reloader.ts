import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { NetworkConfig, ServerConfig } from "../config/server-config.ts";
import { WatchedFile } from "../config/watched-file.ts";
import type { Device } from "../device/device.ts";
import type { NetworkDefinition } from "../server/network.ts";
import type { Server } from "../server/server.ts";
import { formatListenAddress } from "../transport/listen-address.ts";
import type { AccessKeeper } from "./access-keeper.ts";
import { exposedListeners, type ServerSettings, serverConfigOf } from "./server-settings.ts";
import type { ServerTls } from "./server-tls.ts";

export interface ReloaderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly keeper: AccessKeeper;
  readonly server: Server;
  readonly tls: ServerTls | undefined;
  readonly definitionOf: (config: NetworkConfig, device: Device | undefined) => NetworkDefinition;
}

/**
 * Puts the configuration file in force again when it changes, and at SIGHUP with every file it names. A file that is wrong
 * changes nothing. Listeners and TAPs are made once, as root: what is said of them waits for a restart.
 */
export class Reloader {
  readonly #deps: ReloaderDeps;
  readonly #settings: ServerSettings;
  readonly #onHangup = (): void => this.#onSignal();
  #config: ServerConfig;
  #file: WatchedFile<Buffer> | undefined;

  constructor(deps: ReloaderDeps, settings: ServerSettings, config: ServerConfig) {
    this.#deps = deps;
    this.#settings = settings;
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

  #onSignal(): void {
    const { keeper, tls, server } = this.#deps;
    keeper.reloadFiles();
    tls?.reload();
    this.#reload();
    server.recheck();
  }

  #reload(): void {
    const { log } = this.#deps;
    try {
      this.#apply(serverConfigOf(this.#settings));
      log.info("config.reloaded", "the configuration was read again and is in force");
    } catch (error) {
      log.error("config.reload-failed", `${describeError(error)}\n  The configuration from before stays in force.`);
    }
  }

  #apply(config: ServerConfig): void {
    const { keeper, server, tls, definitionOf, log } = this.#deps;
    const exposed = exposedListeners(config);
    if (exposed.length > 0 && !config.allowAnonymous) {
      throw new Error(`without authentication ${exposed.join(", ")} would let everybody in.`);
    }
    const access = keeper.make(config);
    if (JSON.stringify(config.tls) !== JSON.stringify(this.#config.tls)) tls?.use(config.tls);
    keeper.settle();
    server.reload(
      access,
      config.networks.map((network) => definitionOf(network, undefined)),
    );
    for (const what of needsRestart(this.#config, config)) {
      log.warn("config.restart", `${what} changed: that is in force after a restart`);
    }
    this.#config = config;
  }
}

/** What cannot change while we run. */
function needsRestart(before: ServerConfig, after: ServerConfig): readonly string[] {
  const listening = ({ listen }: ServerConfig): string => listen.map((address) => formatListenAddress(address)).join();
  const fixed = ({ path: _path, ...network }: NetworkConfig): string => JSON.stringify(network);
  const known = new Map(before.networks.map((network) => [network.name, fixed(network)]));
  const changed = after.networks.filter((network) => {
    const was = known.get(network.name);
    return was === undefined ? network.tap !== undefined : was !== fixed(network);
  });
  return [
    ...(listening(before) === listening(after) ? [] : ["listen"]),
    ...(JSON.stringify(before.limits) === JSON.stringify(after.limits) ? [] : ["limits"]),
    ...(before.stateDir === after.stateDir ? [] : ["state_dir"]),
    ...changed.map(({ name }) => `network ${name}`),
  ];
}
