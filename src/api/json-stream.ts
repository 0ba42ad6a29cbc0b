import { ownTurn } from "./own-turn.ts";
import { SLICE_ROWS } from "./paused-walk.ts";

/**
 * `{…head, "key": [rows]}` as a stream that is written slice by slice, as fast as it is read: neither the event loop nor
 * memory sees a text of megabytes.
 */
export function jsonStream(head: Readonly<Record<string, unknown>>, key: string, rows: readonly unknown[]): Response {
  const encoder = new TextEncoder();
  let next = 0;
  let text = `${JSON.stringify(head).slice(0, -1)}${Object.keys(head).length > 0 ? "," : ""}${JSON.stringify(key)}:[`;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const slice = rows.slice(next, next + SLICE_ROWS);
      text += `${next > 0 && slice.length > 0 ? "," : ""}${slice.map((row) => JSON.stringify(row)).join(",")}`;
      next += SLICE_ROWS;
      const isLast = next >= rows.length;
      controller.enqueue(encoder.encode(isLast ? `${text}]}` : text));
      text = "";
      if (isLast) controller.close();
      else await ownTurn();
    },
  });
  return new Response(stream, { headers: { "Content-Type": "application/json" } });
}
