import { NO_SESSION_STORE, type SessionStore } from "../access/session-store.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { SessionFile } from "../state/session-file.ts";
import type { StateDirectory } from "../state/state-directory.ts";

export interface SessionStoreDeps {
  readonly log: Logger;
  readonly state: {
    readonly open: () => StateDirectory;
    readonly find: () => StateDirectory | undefined;
  };
}

/**
 * Where the logins of operators are kept, if browsers can come at all: in the state directory, which is made where
 * users may log in, or one was named. For tickets alone it is not made. A server runs without it, too.
 */
export function openSessionStore({ log, state }: SessionStoreDeps, config: ServerConfig): SessionStore {
  const { listen, path, admins, viewers } = config.control;
  if (listen.length === 0 && path === undefined) return NO_SESSION_STORE;
  const isWanted = admins.length + viewers.length > 0 || config.stateDir !== undefined;
  try {
    const directory = isWanted ? state.open() : state.find();
    return directory === undefined ? NO_SESSION_STORE : new SessionFile(log, directory);
  } catch (error) {
    log.warn("control.sessions-unkept", `logins of operators end with this process: ${describeError(error)}`);
    return NO_SESSION_STORE;
  }
}
