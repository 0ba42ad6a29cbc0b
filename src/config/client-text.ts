/** What a client's configuration means, in lines for people. Holds no secret: neither headers nor what is before an @. */
import { parseProxyUrl } from "../transport/proxy-url.ts";
import { parseServerUrl } from "../transport/server-url.ts";
import type { ClientConfig } from "./client-schema.ts";
import type { Line } from "./config-text.ts";

export function describeClientConfig(config: ClientConfig): readonly Line[] {
  const { servers = [], race = false, addresses = [], tap, bridge = false } = config;
  const where = servers.map((url) => parseServerUrl(url).display).join(race ? " | " : ", ");
  return [
    [
      "servers",
      where || (config.invite_file === undefined ? "as on the command line" : `as ${config.invite_file} says`),
    ],
    ["tap", `${tap ?? "the first free one"}${bridge ? ", bridged" : ""}`],
    ["addresses", addresses.join(", ") || "from the server"],
    ["shows", shown(config)],
    ["proxy", proxyOf(config)],
  ];
}

function shown({ auth_file, token_file, tls }: ClientConfig): string {
  const parts = [auth_file, token_file, tls?.certificate].filter((path) => path !== undefined);
  return parts.join(", ") || "what an invite or the environment says";
}

function proxyOf({ proxy }: ClientConfig): string {
  if (proxy?.url === undefined) return "as the environment says";
  return proxy.url === "none" ? "none" : parseProxyUrl(proxy.url, "proxy").display;
}
