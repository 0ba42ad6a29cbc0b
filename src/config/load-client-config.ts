import { basename } from "node:path";
import { CLIENT_KEYS, type ClientConfig, clientSchema } from "./client-schema.ts";
import { parseConfigText, readConfigFile } from "./config-file.ts";
import { YamlText } from "./yaml-text.ts";

/** Reads a client's configuration file. A ConfigError says why not, or has a line for each thing wrong in it. */
export function loadClientConfig(path: string): ClientConfig {
  return parseClientConfig(readConfigFile(path), path);
}

/** The configuration in a text. `fileName` is for messages, and relative paths in the text start at its folder. */
export function parseClientConfig(text: string, fileName: string): ClientConfig {
  return parseConfigText(text, fileName, clientSchema);
}

/** Keys that only a server's file has, so that one key which both have tells nothing. */
const SERVER_KEYS: ReadonlySet<string> = new Set(["listen", "authentication", "networks", "users", "groups", "guard"]);

/** Whether a configuration file is meant for a client: it has keys of one, and none that only a server's has. */
export function isClientConfigFile(path: string): boolean {
  const { value } = new YamlText(readConfigFile(path), basename(path));
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.some((key) => CLIENT_KEYS.has(key)) && !keys.some((key) => SERVER_KEYS.has(key));
}
