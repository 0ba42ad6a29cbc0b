import { parseConfigText, readConfigFile } from "./config-file.ts";
import type { ServerConfig } from "./server-config.ts";
import { serverSchema } from "./server-schema.ts";

/** Reads the configuration file. A ConfigError says why it cannot be read, or has a line for each thing wrong in it. */
export function loadServerConfig(path: string): ServerConfig {
  return parseServerConfig(readConfigFile(path), path);
}

/** The configuration in a text. `fileName` is for messages, and relative paths in the text start at its folder. */
export function parseServerConfig(text: string, fileName: string): ServerConfig {
  return parseConfigText(text, fileName, (folder, value) => serverSchema(folder, networkNamesIn(value)));
}

/** Rules name networks, and are checked against those that there are, right or wrong in themselves. */
function networkNamesIn(value: unknown): readonly string[] {
  const networks = (value as { readonly networks?: unknown } | null)?.networks;
  return typeof networks === "object" && networks !== null && !Array.isArray(networks) ? Object.keys(networks) : [];
}
