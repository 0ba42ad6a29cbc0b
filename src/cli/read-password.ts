import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { ConfigError } from "../base/errors.ts";

/** Standard input: a terminal, a pipe or a file. */
export type PasswordInput = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Far above any password; bounds what a wrong pipe may cost. */
const MAX_LINE_BYTES = 4096;

/**
 * A new password: from a terminal it is asked for twice and not shown, with the questions on `output`; from a pipe or
 * file it is the first line.
 */
export async function readNewPassword(input: PasswordInput, output: NodeJS.WritableStream): Promise<string> {
  if (input.isTTY !== true) return readLine(input);
  const [first, second] = await ask(input, output, ["New password: ", "The same once more: "]);
  if (first !== second) throw new ConfigError("PASSWORD_MISMATCH", "the passwords differ; nothing was changed.");
  return first ?? "";
}

/** Line editing as usual, but what it would show goes nowhere. */
async function ask(
  input: PasswordInput,
  output: NodeJS.WritableStream,
  questions: readonly string[],
): Promise<readonly string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const stop = new AbortController();
  terminal.once("SIGINT", () => stop.abort());
  terminal.once("close", () => stop.abort());
  try {
    const answers: string[] = [];
    for (const question of questions) {
      output.write(question);
      answers.push(await terminal.question("", { signal: stop.signal }));
      output.write("\n");
    }
    return answers;
  } catch (cause) {
    output.write("\n");
    throw new ConfigError("PASSWORD_MISSING", "no password was given; nothing was changed.", { cause });
  } finally {
    terminal.close();
  }
}

async function readLine(input: PasswordInput): Promise<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of input) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk)]);
    if (bytes.includes("\n") || bytes.length > MAX_LINE_BYTES) break;
  }
  return bytes.toString("utf8").split(/\r?\n/, 1)[0] ?? "";
}
