/**
 * The language of captures, like tcpdump's: `arp or port 53`, `src net 10.0.0.0/8 and not tcp`, `dropped and ingress`. It
 * differs where a switch knows more or can do better: VLAN tags and IPv6 extension headers are looked behind, and there
 * are words for what became of a frame.
 */
import { FilterParser } from "./filter-parser.ts";
import { FilterFault, splitFilter } from "./filter-words.ts";
import { everyFrame, type FrameTest } from "./frame-tests.ts";

/** Long enough for a hundred questions, each of which costs some nanoseconds per frame. */
export const MAX_FILTER_LENGTH = 1024;

export type CompiledFilter =
  | { readonly state: "good"; readonly test: FrameTest }
  /** `message` says where, counted from 1, and what would be right there. */
  | { readonly state: "wrong"; readonly message: string };

/** Compiles a filter once, to a function that allocates nothing. An empty filter lets everything pass. */
export function compileFilter(filter: string): CompiledFilter {
  if (filter.length > MAX_FILTER_LENGTH) {
    return { state: "wrong", message: `The filter is longer than ${MAX_FILTER_LENGTH} characters.` };
  }
  try {
    const words = splitFilter(filter);
    return { state: "good", test: words.length === 0 ? everyFrame : new FilterParser(words, filter.length).parse() };
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error;
    return { state: "wrong", message: `The filter is wrong at character ${error.at + 1}: ${error.message}.` };
  }
}
