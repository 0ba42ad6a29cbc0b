import { statSync } from "node:fs";
import { Argument, type Command, InvalidArgumentError } from "commander";
import type { GrantDecision } from "../access/grant.ts";
import type { Identity } from "../access/identity.ts";
import { Policy } from "../access/policy.ts";
import { ConfigError } from "../base/errors.ts";
import { describeClientConfig } from "../config/client-text.ts";
import { describeConfig, describeGrant, formatJson, formatLines } from "../config/config-text.ts";
import { configWarnings } from "../config/config-warnings.ts";
import { isClientConfigFile, loadClientConfig } from "../config/load-client-config.ts";
import { loadServerConfig } from "../config/load-server-config.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { parseIpAddress } from "../wire/ip-prefix.ts";
import { collect, makeCommand } from "./flags.ts";

/** Where packages and the documentation put the file. */
const DEFAULT_CONFIG_FILE = "/etc/vpn-ws/server.yaml";

/** Write permission for others (inode(7)). */
const S_IWOTH = 0o002;

interface CheckFlags {
  readonly user?: string;
  readonly group?: readonly string[];
  readonly path?: string;
  readonly address?: string;
  readonly client?: boolean;
  readonly json?: boolean;
}

/** Flags that say more about the user that is asked about. */
const USER_FLAGS = ["group", "path", "address"] as const;

const DESCRIPTION = `Reads a configuration file as the server or the client would, and shows all that is wrong with it.

What may alice do, coming from this address to this path?
  vpn-ws config check --user alice --path /lab --address 192.0.2.7`;

/** `vpn-ws config`. */
export function configCommand(): Command {
  const config = makeCommand("config", "check a configuration file", "Looks at the configuration file.");
  return config.addCommand(checkCommand());
}

function checkCommand(): Command {
  return makeCommand("check", "check a configuration file, or ask it about a user", DESCRIPTION)
    .showHelpAfterError("Try: vpn-ws config check --help")
    .addArgument(new Argument("[file]", "the configuration file").default(DEFAULT_CONFIG_FILE))
    .option("--user <name>", "show what this user would be granted")
    .option("--group <name>", "a group that the user's token names, repeatable", collect)
    .option("--path <path>", "the path that the user asks for (default: /)")
    .option("--address <ip>", "the address that the user comes from", parseAddress)
    .option("--client", "it is a client's configuration file (default: as its keys say)")
    .option("--json", "the answer as JSON")
    .action((file: string, flags: CheckFlags) => {
      const orphan = USER_FLAGS.find((name) => flags[name] !== undefined && flags.user === undefined);
      if (orphan !== undefined)
        throw new ConfigError("FLAG_WITHOUT_USER", `--${orphan} needs --user: it is about a user.`);
      if (flags.client === true || (flags.user === undefined && isClientConfigFile(file))) {
        process.stdout.write(clientSummary(file, flags));
        return;
      }
      const config = loadServerConfig(file);
      process.stdout.write(flags.user === undefined ? summary(file, config, flags) : answer(config, flags.user, flags));
    });
}

function summary(file: string, config: ServerConfig, { json }: CheckFlags): string {
  const warnings = [...fileWarnings(file), ...configWarnings(config)];
  if (json === true) return formatJson({ file, warnings, config });
  return `${file} is valid.\n${formatLines(describeConfig(config))}${warnings.map((text) => `warning: ${text}\n`).join("")}`;
}

function clientSummary(file: string, { json }: CheckFlags): string {
  const lines = describeClientConfig(loadClientConfig(file));
  const warnings = fileWarnings(file);
  // Not the file's own values: it may hold headers and passwords.
  if (json === true) return formatJson({ file, warnings, config: Object.fromEntries(lines) });
  return `${file} is valid.\n${formatLines(lines)}${warnings.map((text) => `warning: ${text}\n`).join("")}`;
}

/** Who can write the file decides who gets in. */
function fileWarnings(file: string): readonly string[] {
  const { mode } = statSync(file);
  return (mode & S_IWOTH) === 0 ? [] : [`every user of this machine can change ${file}: chmod o-w it.`];
}

function answer(config: ServerConfig, user: string, flags: CheckFlags): string {
  const visit = { address: flags.address ?? "", path: flags.path ?? "/", nowMs: Date.now() };
  const decision = new Policy(config.policy).decide(identityOf(user, flags.group ?? []), visit);
  return flags.json === true ? formatJson({ user, ...decision }) : describeDecision(user, decision);
}

/** As a web server's word would make it; how somebody proved who they are is nothing to the policy. */
function identityOf(user: string, groups: readonly string[]): Identity {
  return { user, groups, method: "web-server", network: undefined, expiresMs: undefined, credentialId: "" };
}

function describeDecision(user: string, decision: GrantDecision): string {
  if (decision.state === "denied") return `${user} may not join (${decision.reason}): ${decision.message}\n`;
  return `${user} may join:\n${formatLines(describeGrant(decision.grant))}`;
}

function parseAddress(text: string): string {
  if (parseIpAddress(text) === undefined) throw new InvalidArgumentError("it is no IP address.");
  return text;
}
