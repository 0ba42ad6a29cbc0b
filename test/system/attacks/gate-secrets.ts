/** Secrets that a test has handed out, and the search for them in whatever was written, shown or left behind. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Of a long secret its beginning is one, too: a text that was cut off holds no more. */
const PART_LENGTH = 20;

export class Secrets {
  readonly #forms = new Map<string, string>();

  /** `name` is for the message of a failure, which must not hold the secret either. */
  add(name: string, secret: string): string {
    for (const [form, text] of formsOf(secret)) this.#forms.set(text, `${name} (${form})`);
    return secret;
  }

  /** No form of any secret is in the text. */
  assertNotIn(where: string, text: string): void {
    const found = [...this.#forms].filter(([form]) => text.includes(form)).map(([, name]) => `${where}: ${name}`);
    assert.deepEqual(found, []);
  }

  /** No secret is in a file of the directory or below, but for the files that are named, which are their owner's alone. */
  assertNotInFiles(directory: string, allowed: readonly string[]): void {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (allowed.includes(path)) assert.equal(statSync(path).mode & 0o777, 0o600, path);
      else this.assertNotIn(path, readFileSync(path, "latin1"));
    }
  }
}

/** The ways in which a text may be found inside another, each long enough not to be found by chance. */
function formsOf(secret: string): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(secret);
  const forms: (readonly [string, string])[] = [
    ["as it is", secret],
    ["as Latin-1", bytes.toString("latin1")],
    ["as JSON", JSON.stringify(secret).slice(1, -1)],
    ["percent-encoded", encodeURIComponent(secret)],
    ["as part of a URL", encodeURI(secret)],
    ["hex", bytes.toString("hex")],
    ...[0, 1, 2].flatMap((shift) => base64Within(bytes, shift)),
  ];
  return secret.length > 2 * PART_LENGTH ? [...forms, ["its beginning", secret.slice(0, PART_LENGTH)]] : forms;
}

/** What all texts have in common that are the base64 of something with these bytes at an offset of 3n + shift. */
function base64Within(bytes: Buffer, shift: number): readonly (readonly [string, string])[] {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
  const from = Math.ceil((shift * 8) / 6);
  const to = Math.floor((whole.length * 8) / 6);
  return (["base64", "base64url"] as const).map((name) => [name, whole.toString(name).slice(from, to)] as const);
}
