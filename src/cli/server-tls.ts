import { X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import type { Clock } from "../base/clock.ts";
import { ConfigError, describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ServerConfig, TlsConfig } from "../config/server-config.ts";
import { WatchedFile } from "../config/watched-file.ts";
import { keepOwnCertificate } from "../state/own-certificate.ts";
import type { StateDirectory } from "../state/state-directory.ts";
import { keyPin } from "../transport/key-pin.ts";
import { ServerCertificate, type ServerCertificateValues } from "../transport/server-certificate.ts";

export interface ServerTlsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly openState: () => StateDirectory;
}

type Part = "certificate" | "key" | "clientCa" | "clientCrl";
const PARTS: readonly Part[] = ["certificate", "key", "clientCa", "clientCrl"];

/** A certificate and key that we made for ourselves. */
interface OwnPair {
  readonly certificate: string;
  readonly key: string;
}

/** The certificate that listeners show, and the files it comes from: what is put there is in force within a second. */
export class ServerTls {
  readonly certificate: ServerCertificate;
  readonly #deps: ServerTlsDeps;
  readonly #own: OwnPair | undefined;
  #files: ReadonlyMap<Part, WatchedFile<string>>;

  private constructor(deps: ServerTlsDeps, own: OwnPair | undefined, files: ReadonlyMap<Part, WatchedFile<string>>) {
    this.#deps = deps;
    this.#own = own;
    this.#files = files;
    this.certificate = new ServerCertificate(this.#values());
    this.#follow();
  }

  /**
   * Opens what the configuration names. An https listener without a certificate gets one of our own, made at the first
   * start. Undefined if nobody could speak TLS. ConfigError for files that are missing or wrong.
   */
  static async open(deps: ServerTlsDeps, { tls, listen, control }: ServerConfig): Promise<ServerTls | undefined> {
    const { certificate, key } = tls;
    if ((certificate === undefined) !== (key === undefined)) {
      throw new ConfigError("TLS_FILES_MISSING", "--tls-cert and --tls-key go together: give both.");
    }
    const hosts = [...listen, ...control.listen].flatMap((address) => (address.kind === "https" ? [address.host] : []));
    if (certificate === undefined && hosts.length === 0) return undefined;
    const own = certificate === undefined ? await ownPair(deps, hosts) : undefined;
    return new ServerTls(deps, own, watchFiles(deps, tls));
  }

  /** Reads every file again. */
  reload(): void {
    for (const file of this.#files.values()) file.reload();
  }

  /** Other files from now on; if they are no good a ConfigError says so, and the old ones stay. */
  use(tls: TlsConfig): void {
    const before = this.#files;
    const files = watchFiles(this.#deps, tls);
    this.#files = files;
    try {
      this.certificate.replace(this.#values());
    } catch (error) {
      this.#files = before;
      for (const file of files.values()) file.close();
      throw error;
    }
    for (const file of before.values()) file.close();
    this.#follow();
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #values(): ServerCertificateValues {
    const text = (part: Part): string | undefined => this.#files.get(part)?.current();
    const { certificate = "", key = "" } = this.#own ?? {};
    return {
      certificate: text("certificate") ?? certificate,
      key: text("key") ?? key,
      clientCa: text("clientCa"),
      clientCrl: text("clientCrl"),
    };
  }

  #follow(): void {
    for (const file of this.#files.values()) file.onChange(() => this.#replace());
  }

  /** A certificate is put there before its key, or behind it: until both are there the old pair stays. */
  #replace(): void {
    const { log } = this.#deps;
    try {
      this.certificate.replace(this.#values());
      log.info("tls.reloaded", "new TLS connections use the files as they are now");
    } catch (error) {
      log.warn("tls.reload-failed", `${describeError(error)}\n  The certificate from before stays in force.`);
    }
  }
}

function watchFiles({ clock, log }: ServerTlsDeps, tls: TlsConfig): ReadonlyMap<Part, WatchedFile<string>> {
  const onError = (error: unknown): void => log.error("tls.file", describeError(error));
  const files = new Map<Part, WatchedFile<string>>();
  for (const part of PARTS) {
    const path = tls[part];
    if (path === undefined) continue;
    files.set(part, new WatchedFile({ clock, onError }, { path, parse: (bytes) => bytes.toString("utf8") }));
  }
  return files;
}

async function ownPair({ log, openState }: ServerTlsDeps, hosts: readonly string[]): Promise<OwnPair> {
  const names = new Set([...hosts.filter((host) => !isAnyAddress(host)), hostname(), "localhost"]);
  const own = await keepOwnCertificate(openState(), [...names]);
  const pin = keyPin(new X509Certificate(own.certificate));
  const text = `${own.isNew ? "made" : "using"} a certificate of our own; clients check it with --pin ${pin}`;
  log.info("tls.own-certificate", text, { pin });
  return own;
}

function isAnyAddress(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}
