import { type Readable, Transform, type TransformCallback, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, InvalidArgumentError } from "commander";
import { ConfigError, VpnError } from "../base/errors.ts";
import { plural } from "../base/words.ts";
import { MAX_SNAP_BYTES, MIN_SNAP_BYTES } from "../capture/capture.ts";
import { CaptureTally } from "./capture-tally.ts";
import { ControlClient } from "./control-client.ts";
import { openFlagFile } from "./files.ts";
import { makeCommand } from "./flags.ts";
import { type OperatorOutput, untilInterrupted } from "./interruption.ts";
import { addOperatorFlags, OPERATOR_HELP } from "./operator-flags.ts";
import { findServer, type OperatorFlags } from "./operator-target.ts";

interface CaptureFlags extends OperatorFlags {
  readonly network?: string;
  readonly peer?: string;
  readonly filter?: string;
  readonly snap?: number;
  readonly write: string;
}

const DESCRIPTION = `Writes the frames that pass a server into a pcapng file, until ctrl-c. Wireshark and tcpdump read it.

  vpn-ws capture --peer alice -w - | wireshark -k -i -
  vpn-ws capture --filter 'arp or port 53' -w /tmp/dns.pcapng
  vpn-ws capture -w - | tcpdump -n -r -

Each peer is an interface of the file; dropped frames are in it, with the reason as comment. Capturing never slows the
server: frames that are too many for it are left out, and counted. Needs an admin: it shows what people send.

${OPERATOR_HELP}`;

/** `vpn-ws capture`. */
export function captureCommand(output: OperatorOutput = process): Command {
  const command = makeCommand("capture", "write frames into a file, for Wireshark", DESCRIPTION)
    .requiredOption("-w, --write <file>", "where to; - for standard output")
    .option("--network <name>", "only this network")
    .option("--peer <peer>", "only this peer: its id, or a user and all of his sessions")
    .option("--filter <expression>", "only frames like this: arp or port 53; icmp and host 10.9.0.2; not vlan")
    .option(
      "--snap <bytes>",
      `so much of each frame, ${MIN_SNAP_BYTES} to ${MAX_SNAP_BYTES} (default: all)`,
      parseSnap,
    );
  return addOperatorFlags(command, { json: false }).action((flags: CaptureFlags) =>
    untilInterrupted(output, (signal) => capture(flags, output, signal)),
  );
}

async function capture(flags: CaptureFlags, output: OperatorOutput, signal: AbortSignal): Promise<void> {
  const { network, peer, filter, snap, write } = flags;
  if (write === "-" && output.stdout.isTTY === true) {
    throw new ConfigError("CAPTURE_TERMINAL", "a capture is nothing for a terminal to show.", {
      hint: "Give it to a program, as in vpn-ws capture -w - | tcpdump -n -r -, or to a file with -w FILE.",
    });
  }
  const client = new ControlClient(await findServer(flags));
  const frames = await client.stream("/capture", { network, peer, filter, snap }, { signal });
  try {
    const file = write === "-" ? undefined : (await openFlagFile("--write", write)).createWriteStream();
    output.stderr.write("vpn-ws: capturing; ctrl-c ends it.\n");
    await pour(frames, file, output, signal);
    throw client.broken(new Error("the server ended the capture"));
  } catch (error) {
    if (!signal.aborted) throw explain(error, client, write);
  } finally {
    frames.destroy();
  }
}

/** Until the stream is over or the signal is aborted, and then says how much it was. */
async function pour(
  frames: Readable,
  file: Writable | undefined,
  { stdout, stderr }: OperatorOutput,
  signal: AbortSignal,
): Promise<void> {
  const tally = new CaptureTally();
  try {
    // Standard output is never ended: it is the process's.
    await pipeline(frames, wholeBlocks(tally), file ?? stdout, { signal, end: file !== undefined });
  } finally {
    const lost = tally.lost === 0 ? "none was lost" : `${tally.lost} more were lost on the way`;
    stderr.write(`vpn-ws: ${plural(tally.packets, "frame")}; ${lost}.\n`);
  }
}

/** What is no word of ours is the disk's, which may be full, or the stream's, which may break. */
function explain(error: unknown, client: ControlClient, path: string): unknown {
  if (error instanceof VpnError) return error;
  const { message = "", syscall } = error as NodeJS.ErrnoException;
  if (syscall !== "write") return client.broken(error);
  return new ConfigError("CAPTURE_FILE", `cannot go on writing ${path}: ${message}.`, { cause: error });
}

/** Passes on what makes a whole file, wherever it ends. */
function wholeBlocks(tally: CaptureTally): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        done(null, tally.push(chunk));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function parseSnap(text: string): number {
  const bytes = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (bytes >= MIN_SNAP_BYTES && bytes <= MAX_SNAP_BYTES) return bytes;
  throw new InvalidArgumentError(`it is a number from ${MIN_SNAP_BYTES} to ${MAX_SNAP_BYTES}.`);
}
