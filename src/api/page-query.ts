import { z } from "zod";

/** Rows of one answer, where none are asked for, and at most. */
const DEFAULT_ROWS = 1_000;
const MAX_ROWS = 10_000;
/** Of what is searched for, and of names in a query. */
const MAX_TEXT_LENGTH = 255;

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: "must be a whole number" })
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const queryText = z.string().max(MAX_TEXT_LENGTH);
export const queryNumber = wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** Keys that every list with pages has. */
export const pageQuery = {
  /** Part of a name, an address or a MAC, in any case. */
  search: queryText.optional(),
  offset: queryNumber.default(0),
  limit: wholeNumber(0, MAX_ROWS).default(DEFAULT_ROWS),
};

/** Whether one of the texts holds what is searched for, which is in lower case. */
export function holds(search: string, ...texts: readonly (string | null)[]): boolean {
  return texts.some((text) => text?.toLowerCase().includes(search) === true);
}
