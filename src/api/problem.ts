import { z } from "zod";
import { reasonPhrase } from "../wire/http-status.ts";

/** What every answer that is no success says (RFC 9457). */
export const problemSchema = z.object({
  /** There are no documents behind our problems: the title and status say what they are. */
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  /** A sentence for a person. */
  detail: z.string(),
});

/** A request that is not done, with what its sender is told; to be thrown by whoever finds out. */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.headers = headers;
  }

  toResponse(): Response {
    const { status, message: detail } = this;
    const body = { type: "about:blank", title: reasonPhrase(status), status, detail };
    const headers = { ...this.headers, "Content-Type": "application/problem+json" };
    return new Response(JSON.stringify(body), { status, headers });
  }
}
