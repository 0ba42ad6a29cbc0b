import type { Context, MiddlewareHandler } from "hono";
import type { StaticBody, StaticFile, StaticFiles } from "./static-files.ts";

const INDEX = "index.html";

/** Answers GET and HEAD for these files, whose index is at `/`; everything else is the next handler's. */
export function staticRoutes(files: StaticFiles): MiddlewareHandler {
  return async (context, next) => {
    const { method, path } = context.req;
    if (method !== "GET" && method !== "HEAD") return next();
    if (path === "/" && !files.has(INDEX)) return sayHowToBuild(context);
    const file = files.get(path === "/" ? INDEX : path.slice(1));
    return file === undefined ? next() : send(context, file);
  };
}

function sayHowToBuild(context: Context): Response {
  return context.text("The dashboard was not built. Run `npm run build` and start the server again.\n", 503);
}

function send(context: Context, file: StaticFile): Response {
  const headers = new Headers({
    etag: file.etag,
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
  });
  if (matches(context.req.header("if-none-match"), file.etag)) return new Response(null, { status: 304, headers });
  const { coding, bytes } = chooseBody(file, context.req.header("accept-encoding"));
  headers.set("content-type", file.type);
  headers.set("content-length", String(bytes.length));
  if (coding !== "identity") headers.set("content-encoding", coding);
  return new Response(context.req.method === "HEAD" ? null : bytes, { headers });
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? "").split(",").some((one) => one.trim() === etag);
}

/** The smallest that the other end takes (RFC 9110 12.5.3; that it may like one more than another is not looked at). */
function chooseBody({ bodies }: StaticFile, acceptEncoding = ""): StaticBody {
  const taken = acceptEncoding
    .split(",")
    .filter((one) => !/;\s*q=0(\.0*)?\s*$/.test(one))
    .map((one) => one.split(";")[0]?.trim().toLowerCase());
  return bodies.find(({ coding }) => coding === "identity" || taken.includes(coding)) as StaticBody;
}
