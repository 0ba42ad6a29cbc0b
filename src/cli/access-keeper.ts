import { AnonymousAuthenticator } from "../access/anonymous-authenticator.ts";
import type { Authenticator } from "../access/authenticator.ts";
import { AuthenticatorChain } from "../access/authenticator-chain.ts";
import { CertificateAuthenticator, type CertificateDeps } from "../access/certificate-authenticator.ts";
import { CertificateAuthorities } from "../access/certificate-authorities.ts";
import { parseHtpasswd } from "../access/htpasswd.ts";
import { HtpasswdAuthenticator } from "../access/htpasswd-authenticator.ts";
import type { Identity } from "../access/identity.ts";
import { type JwksSource, jwksOfFile, parseKeySet } from "../access/jwks.ts";
import { JwtAuthenticator } from "../access/jwt-authenticator.ts";
import { PASSWORD_CHECKER_DEFAULTS, PasswordChecker } from "../access/password-checker.ts";
import { startPasswordWorker } from "../access/password-thread.ts";
import { Policy } from "../access/policy.ts";
import { RemoteJwks } from "../access/remote-jwks.ts";
import { TokenAuthenticator } from "../access/token-authenticator.ts";
import type { ValueSource } from "../access/value-source.ts";
import { VERIFIED_PASSWORDS_DEFAULTS, VerifiedPasswords } from "../access/verified-passwords.ts";
import { WebServerAuthenticator } from "../access/web-server-authenticator.ts";
import type { Clock } from "../base/clock.ts";
import { ConfigError, describeError, VpnError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { parseRevocationList } from "../config/revocation-list.ts";
import type { AuthenticationConfig, JwtConfig, ServerConfig } from "../config/server-config.ts";
import { WatchedFile } from "../config/watched-file.ts";
import { GUARD_OFF } from "../guard/guard-options.ts";
import type { Access, IssuedCredential } from "../server/access.ts";
import type { TokenFile } from "../state/token-file.ts";
import { socketUserCheck } from "./known-fronts.ts";
import { areProxiesListed, isOpen } from "./server-settings.ts";

export interface AccessKeeperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The store of tokens in the state directory; opened when a configuration first asks for it. */
  readonly openTokens: () => TokenFile;
  /** A file that decides about credentials says other things now: who is in should be looked at again. */
  readonly onChanged: () => void;
}

/** A watched file, whatever it is parsed to. */
interface Kept {
  readonly source: ValueSource<unknown>;
  reload(): void;
  close(): void;
}

/** Of a credential that takes an invite's place: as long as a device is likely to be in use. */
const CREDENTIAL_MS = 365 * 86_400_000;
/** Nobody is revoked where there is no list. */
const NOBODY: ValueSource<ReadonlySet<string>> = { current: () => new Set() };
/** Who has no CA takes no certificate; a configuration without one is refused before. */
const NO_AUTHORITIES: ValueSource<CertificateAuthorities> = { current: () => new CertificateAuthorities("") };
/** Of an authenticator that fails: each request of a stranger's may bring it about, and would fill the log. */
const FAULT_LINES_PER_SECOND = 0.1;
const FAULT_LINES_AT_ONCE = 5;
const BASIC = 'Basic realm="vpn-ws", charset="UTF-8"';
const CHALLENGES = { htpasswd: [BASIC], tokens: ["Bearer", BASIC], jwt: ["Bearer"] } as const;

/**
 * Makes an `Access` of a configuration, again and again; what is behind it (files that are watched, keys that were
 * fetched, passwords that were verified, the thread that verifies them) is kept from one to the next.
 */
export class AccessKeeper {
  readonly #deps: AccessKeeperDeps;
  readonly #files = new Map<string, Kept>();
  readonly #remoteKeys = new Map<string, RemoteJwks>();
  readonly #verified: VerifiedPasswords;
  readonly #faultLines: TokenBucket;
  #checker: PasswordChecker | undefined;
  #tokens: TokenFile | undefined;
  /** Files that the access in the making asks for. */
  #wanted = new Set<string>();

  constructor(deps: AccessKeeperDeps) {
    this.#deps = deps;
    this.#faultLines = new TokenBucket(FAULT_LINES_PER_SECOND, FAULT_LINES_AT_ONCE, deps.clock.nowMs());
    this.#verified = new VerifiedPasswords(deps.clock, VERIFIED_PASSWORDS_DEFAULTS);
  }

  /** Throws a ConfigError if a file that it needs is not there or no good. What is in force goes on, until `settle`. */
  make(config: ServerConfig): Access {
    this.#wanted = new Set();
    const { clock } = this.#deps;
    const authenticators = config.authentication.map((one) => this.#authenticator(one, config));
    if (config.authentication.length === 0)
      authenticators.push(new WebServerAuthenticator({ certificateUser: "common-name" }));
    if (isOpen(config)) authenticators.push(new AnonymousAuthenticator());
    const challenges = new Set(config.authentication.flatMap(({ kind }) => challengesOf(kind)));
    return {
      chain: new AuthenticatorChain({ clock, onFault: (...fault) => this.#onFault(...fault) }, authenticators),
      policy: new Policy(config.policy),
      trustedProxies: config.trustedProxies,
      trustsHeaders: areProxiesListed(config),
      mayConnect: socketUserCheck(config.socketUsers),
      allowedOrigins: config.allowedOrigins,
      guard: config.guard ?? GUARD_OFF,
      challenges: [...challenges],
      issueCredential: (identity) => this.#issueCredential(identity),
    };
  }

  /** The access that was made last is in force: files that only earlier ones needed are watched no more. */
  settle(): void {
    for (const [key, file] of this.#files) {
      if (this.#wanted.has(key)) continue;
      file.close();
      this.#files.delete(key);
    }
  }

  /** Reads every file again, whatever its times say. */
  reloadFiles(): void {
    for (const file of this.#files.values()) file.reload();
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#checker?.close();
  }

  /** Errors of ours hold no secret and say what to do; what others throw may quote what it was given. */
  #onFault(method: string, error: unknown): void {
    if (!this.#faultLines.take(1, this.#deps.clock.nowMs())) return;
    const why =
      error === undefined ? "it took too long" : error instanceof VpnError ? describeError(error) : "it failed";
    this.#deps.log.error("access.fault", `authentication by ${method} refused a request: ${why}`, { method });
  }

  #authenticator(one: AuthenticationConfig, config: ServerConfig): Authenticator {
    switch (one.kind) {
      case "web-server":
        return new WebServerAuthenticator(one);
      case "htpasswd": {
        const users = this.#watch(one.file, "htpasswd", (bytes) => parseHtpasswd(bytes.toString("utf8"), one.file));
        this.#checker ??= this.#makeChecker();
        return new HtpasswdAuthenticator({ users, checker: this.#checker, verified: this.#verified });
      }
      case "tokens":
        return new TokenAuthenticator({ store: this.#openTokens(), nowUnixMs: Date.now });
      case "jwt":
        return this.#jwt(one);
      case "certificate":
        return new CertificateAuthenticator(this.#certificateDeps(config), one);
    }
  }

  #makeChecker(): PasswordChecker {
    const { clock, log } = this.#deps;
    return new PasswordChecker({ clock, log, startWorker: startPasswordWorker }, PASSWORD_CHECKER_DEFAULTS);
  }

  #jwt(config: JwtConfig): JwtAuthenticator {
    const { issuer, audience, userClaim, groupsClaim } = config;
    const deps = { keys: this.#keys(config), nowUnixMs: Date.now };
    return new JwtAuthenticator(deps, { issuer, audiences: [audience], userClaim, groupsClaim });
  }

  #keys({ issuer, jwks }: JwtConfig): JwksSource {
    if (jwks.kind === "file") {
      return jwksOfFile(this.#watch(jwks.file, "jwks", (bytes) => keySetOf(jwks.file, bytes)));
    }
    const location = jwks.kind === "url" ? jwks : ({ kind: "discovery", issuer } as const);
    const key = jwks.kind === "url" ? jwks.url : `discovery ${issuer}`;
    const known = this.#remoteKeys.get(key);
    if (known !== undefined) return known;
    const { clock, log } = this.#deps;
    const keys = new RemoteJwks({ clock, log, fetch }, location);
    this.#remoteKeys.set(key, keys);
    return keys;
  }

  #certificateDeps({ tls: { clientCa, clientCrl } }: ServerConfig): CertificateDeps {
    const authorities =
      clientCa === undefined
        ? NO_AUTHORITIES
        : this.#watch(clientCa, "ca", (bytes) => new CertificateAuthorities(bytes.toString("latin1")));
    const revoked =
      clientCrl === undefined
        ? NOBODY
        : this.#watch(clientCrl, "crl", (bytes) => parseRevocationList(clientCrl, bytes));
    return { authorities, revoked, nowUnixMs: Date.now };
  }

  #openTokens(): TokenFile {
    this.#tokens ??= this.#deps.openTokens();
    return this.#tokens;
  }

  /** The same file read in the same way is watched once. */
  #watch<T>(path: string, kind: string, parse: (bytes: Buffer) => T): ValueSource<T> {
    const key = `${kind} ${path}`;
    this.#wanted.add(key);
    const known = this.#files.get(key);
    if (known !== undefined) return known.source as ValueSource<T>;
    const { clock, log } = this.#deps;
    const onError = (error: unknown): void =>
      log.error("access.file", `${describeError(error)}\n  What it said before stays in force.`, { path });
    const file = new WatchedFile<T>({ clock, onError }, { path, parse });
    file.onChange(() => {
      log.info("access.reloaded", `${path} was read again`, { path });
      this.#deps.onChanged();
    });
    this.#files.set(key, { source: file, reload: () => file.reload(), close: () => file.close() });
    return file;
  }

  /** Who came with an invite gets a token that lasts, for the same user and network. */
  async #issueCredential({
    method,
    user,
    groups,
    network,
    credentialId,
  }: Identity): Promise<IssuedCredential | undefined> {
    const tokens = this.#tokens;
    const invite = method === "token" ? tokens?.findById(credentialId) : undefined;
    if (tokens === undefined || invite?.kind !== "invite") return undefined;
    const expiresMs = Date.now() + CREDENTIAL_MS;
    const wanted = {
      kind: "credential",
      user,
      groups,
      network,
      expiresMs,
      usesLeft: undefined,
      invite: credentialId,
    } as const;
    const { secret } = await tokens.create(wanted);
    return { token: secret, user, expiresMs };
  }
}

function challengesOf(kind: AuthenticationConfig["kind"]): readonly string[] {
  return kind in CHALLENGES ? CHALLENGES[kind as keyof typeof CHALLENGES] : [];
}

function keySetOf(path: string, bytes: Buffer) {
  try {
    return parseKeySet(bytes.toString("utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("JWKS_FILE_INVALID", `cannot use the keys in ${path}: ${reason}.`, { cause });
  }
}
