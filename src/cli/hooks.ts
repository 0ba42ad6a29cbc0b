import type { Clock } from "../base/clock.ts";
import { FloodLog } from "../base/flood-log.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import type { HooksConfig } from "../config/server-config.ts";
import type { PeerNotice } from "../server/peer-notice.ts";
import { runHookCommand } from "./hook-exec.ts";
import { HookQueue } from "./hook-queue.ts";
import { type PostFetch, postWebhook } from "./hook-webhook.ts";

export interface HooksDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: PostFetch;
}

/** Runs commands and posts to webhooks when peers come and go, beside the server: nothing waits for them. */
export class Hooks {
  readonly #deps: HooksDeps;
  readonly #queue: HookQueue;
  readonly #floodLog: FloodLog;
  #config: HooksConfig;

  constructor(deps: HooksDeps, config: HooksConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#queue = new HookQueue(deps.clock);
    this.#floodLog = new FloodLog(deps.clock, deps.log);
  }

  /** In force for who comes or goes from now on. */
  use(config: HooksConfig): void {
    this.#config = config;
  }

  readonly tell = (notice: PeerNotice): void => {
    const { exec, webhook } = this.#config[notice.event];
    const { fetch } = this.#deps;
    if (exec !== undefined) {
      this.#add(notice, "exec", (signal) => runHookCommand(exec, variablesOf(notice), signal));
    }
    if (webhook !== undefined) {
      const value = { ...notice, mac: notice.mac ?? null, at: new Date().toISOString(), agent: AGENT };
      this.#add(notice, "webhook", (signal) => postWebhook(fetch, webhook, value, signal));
    }
  };

  /** Resolves when everybody has been told who left, or a moment later. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** Of one peer one after the other: who has left must not seem to be here. */
  #add(
    { event, peer }: PeerNotice,
    kind: "exec" | "webhook",
    run: (signal: AbortSignal) => Promise<string | undefined>,
  ): void {
    const hook = `${event}.${kind}`;
    const onFailed = (reason: string): void => {
      const log = this.#floodLog.about(hook);
      log.warn("hook.failed", `the hook ${hook} failed for peer ${peer}: ${reason}`, { hook, peer, reason });
    };
    this.#queue.add({ key: `${kind} ${peer}`, run, onFailed });
  }
}

function variablesOf({ event, peer, user, network, mac, address }: PeerNotice): Readonly<Record<string, string>> {
  return {
    VPN_WS_EVENT: event,
    VPN_WS_PEER: String(peer),
    VPN_WS_USER: user,
    VPN_WS_NETWORK: network,
    VPN_WS_MAC: mac ?? "",
    VPN_WS_ADDRESS: address,
  };
}
