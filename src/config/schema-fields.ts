/** The parts that the schema of the configuration file is made of; all of them explain what they do not take. */
import { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import { printable } from "../wire/printable.ts";
import { closestWord } from "./closest-word.ts";
import { quote } from "./config-problem.ts";

/** Put into `params` of an issue that is about a key and not about its value. */
export const AT_KEY = "key";

/** Most entries of any list; the shorter bounds of some lists are theirs. */
const MAX_ENTRIES = 4_096;
const MAX_TEXT_LENGTH = 1_024;

/** A mapping with exactly these keys; every unknown one is told by itself, with the one that was probably meant. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  const unknown = z.custom<never>(() => false, {
    params: { at: AT_KEY },
    error: ({ path }) => `unknown key${didYouMean(String(path?.at(-1)), known)}`,
  });
  // Zod's own strict object tells all unknown keys in one issue, at the mapping.
  return z.object(shape).catchall(unknown) as unknown as z.ZodObject<Shape, z.core.$strict>;
}

/** A mapping from names that `isName` takes; an entry without a value is an empty mapping. */
export function named<Value>(what: string, isName: (name: string) => boolean, value: z.ZodType<Value>) {
  const name = z.string().refine(isName, { error: ({ input }) => `${quote(String(input))} is no ${what}` });
  return z
    .record(
      name,
      z.preprocess((entry) => entry ?? {}, value),
    )
    .transform((entries) => Object.entries(entries).map(([key, entry]) => ({ name: key, value: entry })));
}

export function list<Value>(entry: z.ZodType<Value>, maxEntries = MAX_ENTRIES): z.ZodType<readonly Value[]> {
  return z.array(entry).max(maxEntries);
}

/** A list, or its only entry written without brackets. */
export function listOrOne<Value>(entry: z.ZodType<Value>, maxEntries = MAX_ENTRIES): z.ZodType<readonly Value[]> {
  return z.preprocess((input) => (Array.isArray(input) || isMapping(input) ? input : [input]), list(entry, maxEntries));
}

/** A mapping, or the value of its most important key alone. */
export function sectionOr<Value>(key: string, schema: z.ZodType<Value>): z.ZodType<Value> {
  return z.preprocess((input) => (isMapping(input) ? input : { [key]: input }), schema);
}

export function wholeNumber(least: number, most: number): z.ZodType<number> {
  return z.int().min(least).max(most);
}

export function text(): z.ZodType<string> {
  return z.string().min(1).max(MAX_TEXT_LENGTH).refine(isPrintable, { error: "has characters that cannot be printed" });
}

/** One of a few words. */
export function oneOf<const Word extends string>(what: string, words: readonly Word[]): z.ZodType<Word> {
  return word(what, (input) => words.find((one) => one === input), words);
}

/**
 * A text, made into a value by `parse`, which says undefined or throws a ConfigError for what it does not take. `words`
 * are suggested for what is nearly one of them. A name such as 007 must be written in quotes, or YAML makes 7 of it.
 */
export function word<Value>(
  what: string,
  parse: (text: string) => Value | undefined,
  words: readonly string[] = [],
): z.ZodType<Value> {
  return z.string().transform((input, context) => {
    const outcome = attempt(() => parse(input));
    if (outcome.value !== undefined) return outcome.value;
    context.addIssue(outcome.reason ?? `${quote(input)} is no ${what}${didYouMean(input, words)}`);
    return z.NEVER;
  });
}

/** Like `word`, and takes a number for the text of its digits. */
export function parsed<Value>(
  what: string,
  parse: (text: string) => Value | undefined,
  words: readonly string[] = [],
): z.ZodType<Value> {
  return z.preprocess((input) => (typeof input === "number" ? String(input) : input), word(what, parse, words));
}

/** What `schema` takes, or a word that means no restriction at all. */
export function orWord<Value>(anything: string, schema: z.ZodType<Value>): z.ZodType<Value | undefined> {
  return z.preprocess((input) => (input === anything ? undefined : input), schema.optional());
}

/** A name of a user or group: people's systems know many forms, so only what nobody can read is refused. */
export function isPrintable(name: string): boolean {
  return name !== "" && printable(name, MAX_TEXT_LENGTH) === name;
}

function isMapping(input: unknown): boolean {
  return typeof input === "object" && input !== null;
}

/** More words than this are no help in one line. */
const MAX_LISTED = 12;

function didYouMean(input: string, words: readonly string[]): string {
  const near = closestWord(input, words);
  if (near !== undefined) return `; did you mean ${near}?`;
  if (words.length === 0) return "";
  const more = words.length > MAX_LISTED ? ", …" : "";
  return `; there is ${words.slice(0, MAX_LISTED).join(", ")}${more}`;
}

function attempt<Value>(parse: () => Value | undefined): {
  readonly value?: Value | undefined;
  readonly reason?: string;
} {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof ConfigError) return { reason: error.message };
    throw error;
  }
}
