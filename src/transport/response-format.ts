import { DEFAULT_HTTP_LIMITS, mayHeadBeSettled, parseResponseHead, type ResponseHead } from "../wire/http.ts";
import type { HeadFormat } from "./read-head.ts";

/** The head of an HTTP answer, a server's or a proxy's. */
export const RESPONSE_FORMAT: HeadFormat<ResponseHead> = {
  mayBeSettled: (bytes, seen, end) => mayHeadBeSettled(bytes, 0, seen, end, DEFAULT_HTTP_LIMITS),
  parse: (bytes, start, end) => parseResponseHead(bytes, start, end, DEFAULT_HTTP_LIMITS),
};
