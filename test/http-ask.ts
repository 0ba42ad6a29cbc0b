import { type IncomingHttpHeaders, request } from "node:http";

export interface HttpQuestion {
  readonly method?: string;
  readonly path: string;
  /** Any at all: other than `fetch`, this says what a browser would. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON if it is no text. */
  readonly body?: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request to `http://host:port` or `unix:/path`, and its whole answer. */
export function askHttp(
  address: string,
  { method = "GET", path, headers = {}, body }: HttpQuestion,
): Promise<HttpAnswer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const type = text === body ? {} : { "content-type": "application/json" };
  const length = text === undefined ? {} : { "content-length": String(Buffer.byteLength(text)) };
  const place = address.startsWith("unix:") ? { socketPath: address.slice("unix:".length) } : hostOf(address);
  return new Promise((resolve, reject) => {
    const asking = request(
      { ...place, method, path, agent: false, headers: { host: "localhost", ...type, ...length, ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk)).once("error", reject);
        answer.once("end", () => {
          const { statusCode = 0, headers } = answer;
          resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    asking.once("error", reject).end(text);
  });
}

function hostOf(address: string): { readonly host: string; readonly port: string } {
  const { hostname, port } = new URL(address);
  return { host: hostname, port };
}
