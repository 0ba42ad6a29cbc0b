import { z } from "zod";
import { type PeerRow, peerRowSchema, trafficSchema } from "../control/model.ts";
import { holds, pageQuery, queryText } from "./page-query.ts";

const TRAFFIC_COLUMNS = Object.keys(trafficSchema.shape) as (keyof PeerRow["traffic"])[];
const COLUMNS = Object.keys(peerRowSchema.shape).filter((key) => key !== "traffic" && key !== "wire") as Exclude<
  keyof PeerRow,
  "traffic" | "wire"
>[];

export const peersQuerySchema = z.object({
  network: queryText.optional(),
  ...pageQuery,
  sort: z.enum([...COLUMNS, ...TRAFFIC_COLUMNS]).optional(),
  order: z.enum(["asc", "desc"]).default("asc"),
});
export type PeersQuery = z.infer<typeof peersQuerySchema>;

/** Which rows are asked for. */
export function peerFilter({ network, search = "" }: PeersQuery): (row: PeerRow) => boolean {
  const wanted = search.toLowerCase();
  return (row) =>
    (network === undefined || row.network === network) &&
    (wanted === "" || holds(wanted, row.id, row.user, row.mac, row.address, row.agent, row.network));
}

/** In which order; undefined: as they come. What is not known comes last in either. */
export function peerOrder({ sort, order }: PeersQuery): ((a: PeerRow, b: PeerRow) => number) | undefined {
  if (sort === undefined) return undefined;
  const sign = order === "asc" ? 1 : -1;
  return (a, b) => {
    const one = cellOf(a, sort);
    const other = cellOf(b, sort);
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return one === other ? 0 : one < other ? -sign : sign;
  };
}

function cellOf(row: PeerRow, column: NonNullable<PeersQuery["sort"]>): string | number | boolean | null {
  // A number as text: 10 comes behind 9.
  if (column === "id") return row.kind === "peer" ? Number(row.id) : -1;
  return isOfTraffic(column) ? row.traffic[column] : row[column];
}

function isOfTraffic(column: string): column is keyof PeerRow["traffic"] {
  return column in trafficSchema.shape;
}
