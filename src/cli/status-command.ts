import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import { findSockets, type LocalSocket, socketDirectory } from "../api/socket-directory.ts";
import { describeError, PeerError } from "../base/errors.ts";
import { clientStatusSchema } from "../control/client-model.ts";
import { historySampleSchema, networkInfoSchema, serverInfoSchema } from "../control/model.ts";
import { ControlClient } from "./control-client.ts";
import { isPassing } from "./control-error.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import { addOperatorFlags } from "./operator-flags.ts";
import { namedTarget, type OperatorFlags, type OperatorTarget, socketTarget } from "./operator-target.ts";
import { paintFor } from "./paint.ts";
import { clientLines, formatStatus, type ServerStatus, serverLines } from "./status-text.ts";
import { TrafficRates } from "./traffic-rates.ts";

interface StatusFlags extends OperatorFlags {
  readonly json?: boolean;
}

type ClientStatus = z.infer<typeof clientStatusSchema>;

/** One program, or why it cannot be looked at. */
type Seen =
  | ({ readonly kind: "server"; readonly display: string } & ServerStatus)
  | { readonly kind: "client"; readonly display: string; readonly client: ClientStatus; readonly before: ClientStatus }
  | { readonly kind: "unseen"; readonly display: string; readonly error: unknown };

const DESCRIPTION = `Shows all servers and clients of this machine: state, since when, connections, round trip, rates, the last error.

  vpn-ws status
  vpn-ws status --json | jq '.clients[].status.state'
  vpn-ws status --control https://vpn.example.com:8081 --login /root/.vpn-ws-login

They are found by their sockets in /run/vpn-ws. Only root, and the user that a program runs as, may look at it.
The exit status is 0 if everything that was found could be looked at, and 1 if not, or if there is nothing.`;

/** Between two looks at a client, from which its rates are. */
const BETWEEN_LOOKS_MS = 1_000;

/** `vpn-ws status`. */
export function statusCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("status", "show the servers and clients of this machine", DESCRIPTION);
  return addOperatorFlags(command).action((flags: StatusFlags) =>
    untilInterrupted(output, () => showStatus(flags, output)),
  );
}

async function showStatus(flags: StatusFlags, output: OperatorOutput): Promise<void> {
  const isJson = flags.json === true;
  const all = await Promise.all(targetsOf(flags).map(([kind, target]) => look(kind, target, isJson)));
  // Who has ended and left his socket is nobody.
  const seen = flags.control === undefined ? all.filter((one) => one.kind !== "unseen" || !isPassing(one.error)) : all;
  if (seen.length === 0) {
    throw new PeerError("STATUS_NOTHING", `nothing of vpn-ws runs on this machine: ${socketDirectory()} is empty.`, {
      hint: "Or it runs with another /run, as in a container; or could not make its socket, which its log says.",
    });
  }
  output.stdout.write(isJson ? `${formatJson(plain(seen), 2)}\n` : formatAll(seen, output));
  if (seen.some(({ kind }) => kind === "unseen")) process.exitCode = 1;
}

function targetsOf(flags: StatusFlags): readonly (readonly [LocalSocket["kind"], OperatorTarget])[] {
  if (flags.control === undefined) {
    return findSockets(socketDirectory()).map(({ kind, path }) => [kind, socketTarget(path)]);
  }
  const isClient = /\/client-[^/]*\.sock$/.test(flags.control);
  return [[isClient ? "client" : "server", namedTarget(flags.control, flags)]];
}

async function look(kind: LocalSocket["kind"], target: OperatorTarget, isJson: boolean): Promise<Seen> {
  const api = new ControlClient(target);
  const { display } = target;
  try {
    return { display, ...(kind === "server" ? await lookAtServer(api) : await lookAtClient(api, isJson)) };
  } catch (error) {
    return { kind: "unseen", display, error };
  }
}

async function lookAtServer(api: ControlClient): Promise<ServerStatus & { readonly kind: "server" }> {
  const server = await api.get("/server", serverInfoSchema);
  const { networks } = await api.get("/networks", z.object({ networks: z.array(networkInfoSchema) }));
  const { samples } = await api.get("/history", z.object({ samples: z.array(historySampleSchema) }));
  return { kind: "server", server, networks, samples };
}

async function lookAtClient(api: ControlClient, isOnce: boolean) {
  const before = await api.get("/client", clientStatusSchema);
  if (isOnce) return { kind: "client", before, client: before } as const;
  await delay(BETWEEN_LOOKS_MS);
  return { kind: "client", before, client: await api.get("/client", clientStatusSchema) } as const;
}

/** For programs: without what a second look would tell. */
function plain(all: readonly Seen[]) {
  return {
    servers: all.flatMap((one) =>
      one.kind === "server" ? [{ control: one.display, status: one.server, networks: one.networks }] : [],
    ),
    clients: all.flatMap((one) => (one.kind === "client" ? [{ control: one.display, status: one.client }] : [])),
    unseen: all.flatMap((one) =>
      one.kind === "unseen" ? [{ control: one.display, error: describeError(one.error) }] : [],
    ),
  };
}

function formatAll(all: readonly Seen[], { stdout }: OperatorOutput): string {
  const paint = paintFor(stdout);
  return all
    .map((one) => {
      if (one.kind === "server") return formatStatus(`server ${one.display}`, serverLines(one), paint);
      if (one.kind === "unseen")
        return formatStatus(one.display, [["trouble", describeError(one.error), "red"]], paint);
      return formatStatus(`client ${one.display}`, clientLines(one.client, rateOf(one.before, one.client)), paint);
    })
    .join("\n");
}

/** Up is what the client sends. */
function rateOf(before: ClientStatus, after: ClientStatus) {
  const rates = new TrafficRates();
  for (const { instance, nowMs, sentBytes, receivedBytes, drops } of [before, after]) {
    rates.look(instance, nowMs, [["", { receivedBytes: sentBytes, sentBytes: receivedBytes, drops }]]);
  }
  return rates.of("");
}
